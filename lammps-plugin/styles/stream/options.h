// The words of `fix dbar/stream`, read and checked.
#pragma once

#include "lmptype.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {
class LAMMPS;
}

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
  std::string ensemble; // yes, or a folder; empty: no

  // Raises a LAMMPS error that names the word, its value and what was expected.
  StreamOptions(LAMMPS_NS::LAMMPS *lmp, int narg, char **arg);

  // Steps from `step` to the end of the window it lies in, and the first snapshot after `step`.
  LAMMPS_NS::bigint steps_to_snapshot(LAMMPS_NS::bigint step) const { return (nfreq - step % nfreq) % nfreq; }
  LAMMPS_NS::bigint next_snapshot(LAMMPS_NS::bigint step) const { return (step / nfreq + 1) * nfreq; }
  // The newest step up to `step` on which a window that it lies in takes a sample.
  LAMMPS_NS::bigint last_sample(LAMMPS_NS::bigint step) const { return step - step % nevery; }
  int window() const { return (nrepeat - 1) * nevery; }
};

} // namespace dbar
