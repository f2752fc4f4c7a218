#include "kernels/density/recursion_tables.h"

#include <cmath>

namespace dbar::density {

RecursionTables::RecursionTables(int largest) {
  const auto a = [](int l, int m) { // z Y_{l-1,m} = a(l,m) Y_lm + a(l-1,m) Y_{l-2,m}
    return std::sqrt((l * l - m * m) / (4.0 * l * l - 1.0));
  };
  for (int l = 0; l <= largest; ++l) {
    const double root2 = l == 1 ? std::sqrt(2.0) : 1.0;
    start_.push_back(l == 0 ? 1.0 : root2 * std::sqrt((2.0 * l + 1.0) / (2.0 * l)));
    first_.push_back(l == 0 ? 1.0 : first_.back() * start_.back());
    for (int m = 0; m <= l; ++m) {
      rise_.push_back(m < l ? 1.0 / a(l, m) : 0.0);
      drop_.push_back(m < l - 1 ? a(l - 1, m) / a(l, m) : 0.0);
      turn_.push_back(std::sqrt((l - m) * (l + m + 1.0) * (m == 0 ? 0.5 : 1.0)));
    }
  }
}

std::size_t RecursionTables::memory_usage() const {
  return sizeof(double) * (start_.size() + first_.size() + rise_.size() + drop_.size() + turn_.size());
}

} // namespace dbar::density
