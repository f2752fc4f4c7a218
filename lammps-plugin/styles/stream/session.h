// The Python side of a stream as seen from all ranks: rank 0 talks to Python, every rank learns the
// outcome.
#pragma once

#include "runtime/bridge.h"
#include "styles/stream/own_positions.h"

#include "pointers.h"

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
  void keep_positions(const OwnPositions &mine);
  // Local; never raises.
  void close();

  // Known to all ranks.
  std::int64_t snapshots() const { return snapshots_; } // so far, those of a store that is continued included
  std::int64_t reference() const { return reference_; } // snapshots before the reference is frozen, 0 for never
  double seconds() const { return seconds_; }           // spent in Python by rank 0, known to all after observe()

private:
  template <class Call> std::string timed(Call call);
  void raise_in_time(const std::string &failure);

  const dbar_bridge *bridge_ = nullptr;
  void *session_ = nullptr; // rank 0, or every rank if the user's observer asked for the communicator
  bool opened_ = false, all_ranks_ = false;
  std::int64_t snapshots_ = 0, reference_ = 0;
  double seconds_ = 0.0;
};

} // namespace dbar
