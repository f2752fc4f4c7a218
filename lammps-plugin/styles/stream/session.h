// The Python side of a stream as seen from all ranks: rank 0 talks to Python, every rank learns the
// outcome.
#pragma once

#include "engine/late_call.h"
#include "runtime/bridge.h"
#include "styles/stream/own_positions.h"

#include "pointers.h"

#include <memory>
#include <vector>

namespace dbar {

class StreamSession : protected LAMMPS_NS::Pointers {
public:
  explicit StreamSession(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}
  ~StreamSession() override { close(); }

  bool is_open() const { return opened_; }
  // All of these are collective: an exception on one rank is an error on all.
  void open(const std::string &settings_json);
  // estimates: as many as are there already.
  dbar_decision observe(const dbar_snapshot &snapshot, std::vector<double> &estimates);
  // The same in two parts: rank 0 has Python at work in a thread of its own until finish(), which must be the next
  // call.
  void begin(const dbar_snapshot &snapshot, std::size_t estimates);
  dbar_decision finish(std::vector<double> &estimates);
  bool at_work() const { return at_work_; }
  void keep_positions(const OwnPositions &mine);
  // Local; never raises.
  void close();

  // Known to all ranks.
  bool wants_comm() const { return all_ranks_; }        // the user's observer runs on all of them
  std::int64_t snapshots() const { return snapshots_; } // so far, those of a store that is continued included
  std::int64_t reference() const { return reference_; } // snapshots before the reference is frozen, 0 for never
  double seconds() const { return seconds_; }           // spent in Python by rank 0, known to all after observe()

private:
  template <class Call> std::string timed(Call call);
  std::string ask(const dbar_snapshot &snapshot);
  dbar_decision settle(const std::string &failure, std::vector<double> &estimates);
  void raise_in_time(const std::string &failure);

  const dbar_bridge *bridge_ = nullptr;
  void *session_ = nullptr; // rank 0, or every rank if the user's observer asked for the communicator
  bool opened_ = false, all_ranks_ = false;
  std::int64_t snapshots_ = 0, reference_ = 0;
  double seconds_ = 0.0;

  // Python's answer, on rank 0
  dbar_decision decision_ = {};
  std::vector<double> said_;
  // What a thread is at work on: a snapshot whose numbers are its own, as the next one is summed meanwhile
  bool at_work_ = false;
  dbar_snapshot late_ = {};
  std::vector<double> D_, V_, thermo_, chunks_;
  std::string failure_;
  std::unique_ptr<LateCall> thread_; // rank 0; last, as it uses the others
};

} // namespace dbar
