// Settings of the SO(4) bispectrum in the convention of SNAP (Thompson et al., J. Comput. Phys. 285
// (2015) 316): what the words say, checked, and what follows for a pair of species.
#pragma once

#include "kernels/family.h"

#include <utility>
#include <vector>

namespace dbar::bso4 {

constexpr const char *name = "bso4";

struct Settings {
  double rcut = 0.0;
  int nspecies = 1;
  int twojmax = 8;
  double rfac0 = 0.99363;
  double rmin0 = 0.0;
  bool switching = true;
  bool bzero = false;
  bool diagonal = false;
  std::vector<double> radius; // [nspecies]
  std::vector<double> weight; // [nspecies]

  double cutoff(int ti, int tj) const { return rcut * (radius[ti] + radius[tj]); }
  double cutoff() const;
};

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

} // namespace dbar::bso4
