// Words of pair_style dbar/gpp.
#pragma once

#include "lammps.h"

#include <string>

namespace dbar {

inline const std::string gpp_style = "Pair style dbar/gpp"; // begins its messages

struct GppOptions {
  double temperature = 0.0;
  std::string form;
  double tolerance = 1e-6;     // tol: largest residual of a variance, as part of it
  int most_passes = 100;       // maxpass
  double most_variance = 0.05; // smax
  bool isentropic = false;

  GppOptions() = default;
  // T FORM keyword value ... A LAMMPS error names what is wrong.
  GppOptions(LAMMPS_NS::LAMMPS *lmp, int narg, char **arg);
};

} // namespace dbar
