// The words of fix dbar/plumed.
#pragma once

#include "pointers.h"

#include <string>
#include <vector>

namespace dbar {

struct PlumedOptions {
  std::string compute_id, plumed_file;
  std::vector<std::string> cv_files;
  int every = 1;
  std::string out;          // PLUMED's log, by default plumed.<fix ID>.log
  double temperature = 0.0; // 0: not given

  // Raises a LAMMPS error that names the word, its value and what was expected.
  PlumedOptions(LAMMPS_NS::LAMMPS *lmp, int narg, char **arg);
};

} // namespace dbar
