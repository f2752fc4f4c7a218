// Settings of the smooth overlap of atomic positions: what the words say, checked.
#pragma once

#include "kernels/density/settings.h"

#include <utility>
#include <vector>

namespace dbar::soap {

constexpr const char *name = "soap";

struct Settings : density::Settings {
  int order = 2;                     // how many neighbours a component correlates with the centre
  bool odd = false;                  // of order 3: components that change their sign with inversion, too
  double center = 0.0;               // weight of the centre's own Gaussian
  double c = 0.0, r0 = 1.0, m = 1.0; // neighbours count c / (c + (r / r0)^m); c 0: fully
  std::vector<std::string> wanted;   // components that are kept, as they were named; empty: all
  std::vector<int> chosen;           // which of all these are, from 0, ascending
};

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

} // namespace dbar::soap
