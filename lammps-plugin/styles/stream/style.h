// fix ID group dbar/stream Nevery Nrepeat Nfreq COMPUTE-ID keyword values ...
#pragma once

#include "engine/position_average.h"
#include "styles/stream/known_ids.h"
#include "styles/stream/lost_atoms.h"
#include "styles/stream/observables.h"
#include "styles/stream/options.h"
#include "styles/stream/own_positions.h"
#include "styles/stream/run_settings.h"
#include "styles/stream/seldom_values.h"
#include "styles/stream/session.h"
#include "styles/stream/window_average.h"

#include "fix.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dbar {
class ChunkRows;
}

namespace LAMMPS_NS {

class FixDbarStream : public Fix, public dbar::PositionAverage {
public:
  FixDbarStream(class LAMMPS *, int, char **);
  ~FixDbarStream() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void end_of_step() override;
  void post_run() override;
  void pre_exchange() override { lost_.before_exchange(); }
  void pre_neighbor() override { lost_.after_exchange(); }
  void setup_pre_exchange() override { lost_.before_exchange(); }
  void setup_pre_neighbor() override { lost_.after_exchange(); }
  void min_pre_exchange() override { lost_.before_exchange(); }
  void min_pre_neighbor() override { lost_.after_exchange(); }
  double compute_scalar() override { return outputs_[STATE]; }
  double compute_vector(int i) override { return i < NOUTPUT ? outputs_[i] : estimates_[i - NOUTPUT]; }
  double memory_usage() override;

  void grow_arrays(int nmax) override {
    window_.grow(nmax);
    ids_.grow(nmax);
  }
  void copy_arrays(int i, int j, int) override {
    window_.copy(i, j);
    ids_.copy(i, j);
  }
  void set_arrays(int i) override {
    window_.start_new(i);
    ids_.start_new(i);
  }
  int pack_exchange(int, double *) override;
  int unpack_exchange(int, double *) override;
  int pack_forward_comm(int, int *, double *, int, int *) override;
  void unpack_forward_comm(int, int, double *) override;

  void write_restart(FILE *) override;
  void restart(char *) override;
  int pack_restart(int, double *) override;
  void unpack_restart(int, int) override;
  int size_restart(int) override { return 1 + dbar::WindowAverage::nper_atom; }
  int maxsize_restart() override { return 1 + dbar::WindowAverage::nper_atom; }

  bool average_ready(bigint step) const override { return step == averaged_step_; }
  bool average_was_due(bigint step) const override { return step == turn_step_; }
  bool average_was_made() const override { return averaged_step_ >= 0; }
  double **average_displacement() override { return window_.displacement(); }
  int average_every() const override { return options_.nfreq; }

private:
  enum {
    STATE,
    MAHALANOBIS,
    INNOVATION,
    TAU_PRED,
    SNAPSHOTS,
    REFITS,
    SECONDS,
    CONSECUTIVE,
    CHANGE_STEP,
    EVIDENCE,
    REGIME,
    NOUTPUT // the estimates follow: one more output would move them
  };

  void begin_run();
  void take_snapshot();
  void collect();
  void decide(const dbar_decision &);
  void keep_positions(int keep);
  void check_reference() const;
  std::string settings_json() const; // in settings.cpp

  dbar::StreamOptions options_;
  class ComputeDbar *compute_ = nullptr;
  std::unique_ptr<dbar::ChunkRows> chunks_; // null without keyword chunk
  dbar::WindowAverage window_;
  dbar::KnownIds ids_;
  dbar::Observables observables_;
  dbar::SeldomValues seldom_;
  dbar::StreamSession session_;
  dbar::LostAtoms lost_;
  dbar::RunSettings settings_;
  std::vector<double> D_, V_;               // the newest snapshot
  dbar::OwnPositions positions_, previous_; // of snapshots that may be kept: the newest, the one before
  double outputs_[NOUTPUT] = {};
  std::vector<double> estimates_; // four for each name of keyword observe, NaN before they are known
  bigint turn_step_ = -1;         // last step on which LAMMPS called end_of_step()
  bigint run_step_ = -1;          // at which the run began that begin_run() has seen last
  bigint sampled_step_ = -1;      // of the newest sample of the window
  bigint averaged_step_ = -1;     // last step on which a window ended
  std::optional<double> foreign_; // length of a record of an atom in the restart file that is not known
  bigint restart_step_ = -1;      // step of the restart file this fix continues, -1 if none
};

} // namespace LAMMPS_NS
