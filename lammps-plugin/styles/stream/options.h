// The words of `fix dbar/stream`, read and checked.
#pragma once

#include "lmptype.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {
class LAMMPS;
class Error;
} // namespace LAMMPS_NS

namespace dbar {

struct StreamOptions {
  int nevery, nrepeat, nfreq;
  std::string compute_id;
  std::string store;               // empty: none
  std::string monitor = "default"; // or none, or a TOML file
  std::string callable;            // MODULE:CALLABLE, empty: none
  std::string snapshot = "none";   // or every, adaptive
  double snapshot_value = 0.0;     // M, or the fraction
  std::vector<std::string> thermo;
  bool lost_error = true;
  bool late = false;                // Python decides while the run goes on to the next snapshot
  std::string ensemble;             // yes, or a folder; empty: no
  int persist = 0;                  // snapshots in a row; 0: what the monitor's settings say
  int reference = 0;                // snapshots before the reference is frozen; 0: what the monitor's settings say
  std::string model;                // a model file; empty: none
  bool learn = false;               // the monitor begins with what the model has learnt
  std::vector<std::string> observe; // observables to be estimated
  double ahead = 0.0;               // time after the snapshot for which they are forecast; 0: no such time
  int seldom_every = 0;             // snapshots between two evaluations of the values that follow
  std::vector<std::string> seldom;
  std::string chunk_id;  // of a compute chunk/atom, whose sums go into the store as well; empty: none
  std::vector<int> grid; // its bins along each axis, the last axis counting fastest; empty: not known

  // Raises a LAMMPS error that names the word, its value and what was expected.
  StreamOptions(LAMMPS_NS::LAMMPS *lmp, int narg, char **arg);

  // Steps from `step` to the end of the window it lies in, and the first snapshot after `step`.
  LAMMPS_NS::bigint steps_to_snapshot(LAMMPS_NS::bigint step) const { return (nfreq - step % nfreq) % nfreq; }
  // Whether anything depends on the time between snapshots; averaged positions alone do not.
  bool looks_back() const {
    return monitor != "none" || !store.empty() || !callable.empty() || !observe.empty() || !model.empty();
  }
  LAMMPS_NS::bigint next_snapshot(LAMMPS_NS::bigint step) const { return (step / nfreq + 1) * nfreq; }
  // The newest step up to `step` on which a window that it lies in takes a sample.
  LAMMPS_NS::bigint last_sample(LAMMPS_NS::bigint step) const { return step - step % nevery; }
  // Snapshots from now on to `last`, if the window that `now` lies in is in flight or not.
  LAMMPS_NS::bigint snapshots_until(LAMMPS_NS::bigint last, LAMMPS_NS::bigint now, bool in_flight) const;
  // Columns beside each snapshot: those of thermo, then those of seldom.
  std::vector<std::string> columns() const;
  int window() const { return (nrepeat - 1) * nevery; }

private:
  void check(LAMMPS_NS::Error *error) const;
};

} // namespace dbar
