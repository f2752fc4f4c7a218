// The factors of the recursion of harmonics, whose mean square over the sphere is 1.
#pragma once

#include <cstddef>
#include <vector>

namespace dbar::density {

// At l (l+1)/2 + m: Y_lm = rise z Y_(l-1)m - drop Y_(l-2)m. At m: Y_mm = start (x + iy) Y_(m-1)(m-1) =
// first (x + iy)^m. dPi_lm/dz = turn Pi_l(m+1).
struct Recursion {
  const double *start, *first, *rise, *drop, *turn;
};

class RecursionTables {
public:
  explicit RecursionTables(int largest);

  Recursion view() const { return {start_.data(), first_.data(), rise_.data(), drop_.data(), turn_.data()}; }
  std::size_t memory_usage() const;

private:
  std::vector<double> start_, first_, rise_, drop_, turn_;
};

} // namespace dbar::density
