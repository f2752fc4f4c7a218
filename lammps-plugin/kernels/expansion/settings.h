// Settings of the spherical expansion: what the words say, checked.
#ifndef DBAR_EXPANSION_SETTINGS_H
#define DBAR_EXPANSION_SETTINGS_H

#include "../words.h"

#include <utility>
#include <vector>

namespace dbar::expansion {

struct Settings {
  double rcut = 0.0;
  int nspecies = 1;
  int nmax = 4; // radial functions n = 0 ... nmax-1
  int lmax = 3; // angular momenta l = 0 ... lmax
  double sigma = 0.5;
  double width = 0.5;
  double accuracy = 1e-10;
  std::vector<int> neighbors; // species that are expanded, from 0, ascending

  int harmonics() const { return (lmax + 1) * (lmax + 1); }
  int channels() const { return nmax * harmonics(); } // components per species of neighbour
};

Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

// "a,n0,l1,m-1" in the order of output: species a (from 1), then n, l, m = -l ... l.
std::vector<std::string> labels(const Settings &settings);

} // namespace dbar::expansion

#endif
