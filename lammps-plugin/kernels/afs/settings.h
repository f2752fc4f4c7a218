// Settings of the angular Fourier series: what the words say, checked.
#pragma once

#include "kernels/family.h"

#include <utility>
#include <vector>

namespace dbar::afs {

constexpr const char *name = "afs";

struct Settings {
  double rcut = 0.0;
  int nspecies = 1;
  int nmax = 8, lmax = 6;     // functions of the distance, n = 1 ... nmax; multiples of the angle, l = 0 ... lmax
  bool loewdin = false;       // basis: the shifted powers themselves made orthonormal, not Jacobi polynomials
  bool switching = true;      // functions times (1 + cos(pi r / rcut)) / 2
  bool selfpairs = true;      // a neighbour makes a pair with itself
  std::vector<double> weight; // [nspecies] of a neighbour
};

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

} // namespace dbar::afs
