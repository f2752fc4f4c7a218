// Settings of the spherical expansion: what the words say, checked.
#pragma once

#include "kernels/density/settings.h"

#include <utility>
#include <vector>

namespace dbar::expansion {

constexpr const char *name = "expansion";

using density::Settings;

std::vector<Keyword> keywords();
Settings read_settings(double rcut, Words &words, int nspecies);

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings);

// "1,n0,l1,m-1" in the order of output: species (from 1), then n, l, m = -l ... l.
std::vector<std::string> labels(const Settings &settings);

} // namespace dbar::expansion
