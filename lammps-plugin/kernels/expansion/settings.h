// Settings of the spherical expansion: what the words say, checked.
#pragma once

#include "kernels/density/radial.h"
#include "kernels/family.h"

#include <utility>
#include <vector>

namespace dbar::expansion {

constexpr const char *name = "expansion";

struct Settings : density::Radial {
  int nspecies = 1;
  std::vector<int> neighbors; // species that are expanded, from 0, ascending

  int harmonics() const { return (lmax + 1) * (lmax + 1); }
  int channels() const { return nmax * harmonics(); } // components per species of neighbour
};

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

// "a,n0,l1,m-1" in the order of output: species a (from 1), then n, l, m = -l ... l.
std::vector<std::string> labels(const Settings &settings);

} // namespace dbar::expansion
