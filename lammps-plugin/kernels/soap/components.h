// Which components there are of each order, their labels, and which of them are selected.
#pragma once

#include "kernels/soap/bispectrum.h"
#include "kernels/soap/settings.h"

#include <array>
#include <string>
#include <vector>

namespace dbar::soap {

using Two = std::array<int, 3>; // channels Q <= Q' and the degree of a component of order 2

// Makes numbers of what is wanted. Throws BadSetting for what is unknown or repeated, and for too many.
void choose(Settings &settings);

// Those that are selected, in their order.
std::vector<int> singles(const Settings &settings); // of order 1: channels
std::vector<Two> pairs(const Settings &settings);
std::vector<Three> triples(const Settings &settings);
std::vector<std::string> labels(const Settings &settings);
int largest_degree(const Settings &settings);

} // namespace dbar::soap
