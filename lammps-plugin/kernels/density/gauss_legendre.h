// Gauss-Legendre quadrature on [-1, 1].
#pragma once

#include <vector>

namespace dbar::density {

struct Node {
  long double x, weight;
};

// Ascending.
std::vector<Node> gauss_legendre(int nodes);

} // namespace dbar::density
