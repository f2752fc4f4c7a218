// Settings of atom-centred symmetry functions: what the words say, checked.
#pragma once

#include "kernels/family.h"

#include <utility>
#include <vector>

namespace dbar::acsf {

constexpr const char *name = "acsf";

struct Settings {
  double rcut = 0.0;
  int nspecies = 1;
  int grid = 5;                          // N, intervals of the grid of widths and shifts
  std::vector<double> zeta = {1.0, 4.0}; // sharpness in the angle
  std::vector<int> neighbors;            // species that count, from 0, ascending

  int radial() const { return 2 * grid + 1; }                                    // for each species
  int angular() const { return (grid + 1) * 2 * static_cast<int>(zeta.size()); } // for each pair of species
};

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

// "G2,1,eta0" and "G2,1,shift1" of species 1; "G3,1,2,eta0,+,zeta1" of species 1 and 2, lambda = +1 and the first zeta.
std::vector<std::string> labels(const Settings &settings);

} // namespace dbar::acsf
