#include "kernels/density/gauss_legendre.h"

#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

std::vector<Node> gauss_legendre(int nodes) {
  std::vector<Node> all;
  for (int i = 0; i < nodes; ++i) {
    long double x = std::cos(long_pi * (i + 0.75L) / (nodes + 0.5L)), slope = 1.0L;
    for (int step = 0; step < 100; ++step) { // Newton
      long double p0 = 1.0L, p1 = x;
      for (int k = 2; k <= nodes; ++k) {
        const long double p2 = ((2 * k - 1) * x * p1 - (k - 1) * p0) / k;
        p0 = p1;
        p1 = p2;
      }
      slope = nodes * (x * p1 - p0) / (x * x - 1.0L);
      x -= p1 / slope;
      if (std::abs(p1 / slope) < 1e-19L)
        break;
    }
    all.push_back({x, 2.0L / ((1.0L - x * x) * slope * slope)});
  }
  std::reverse(all.begin(), all.end());
  return all;
}

} // namespace dbar::density
