#include "kernels/bso4/tables.h"

#include <algorithm>
#include <cmath>

namespace dbar::bso4 {

std::vector<Component> components(int twojmax, bool diagonal) {
  std::vector<Component> list;
  for (int j1 = 0; j1 <= twojmax; ++j1)
    for (int j2 = diagonal ? j1 : 0; j2 <= j1; ++j2)
      for (int j = j1 - j2; j <= std::min(twojmax, j1 + j2); j += 2)
        if (diagonal || j >= j1)
          list.push_back({j1, j2, j});
  return list;
}

std::vector<std::string> labels(const std::vector<Component> &list) {
  std::vector<std::string> result;
  for (const Component &c : list)
    result.push_back("B(" + std::to_string(c.j1) + "," + std::to_string(c.j2) + "," + std::to_string(c.j) + ")");
  return result;
}

std::vector<Block> blocks(const std::vector<Component> &list) {
  std::vector<Block> result;
  for (int k = 0; k < static_cast<int>(list.size()); ++k) {
    const Component &c = list[k];
    const int index[3] = {c.j, c.j1, c.j2};
    for (int i = 0; i < 3; ++i) {
      const int t = index[i];
      if (std::find(index, index + i, t) != index + i)
        continue; // this target is done
      const int p = index[(i + 1) % 3], q = index[(i + 2) % 3];
      const double exchange = (c.j + 1.0) / (t + 1.0);
      const double times = static_cast<double>(std::count(index, index + 3, t));
      result.push_back({std::max(p, q), std::min(p, q), t, k, times * exchange, i == 0, exchange});
    }
  }
  return result;
}

namespace {

long double factorial(int n) {
  long double product = 1.0L;
  for (int i = 2; i <= n; ++i)
    product *= i;
  return product;
}

} // namespace

// Varshalovich, Moskalev, Khersonskii, Quantum Theory of Angular Momentum, 8.2.1 (3).
double clebsch_gordan(int j1, int m1, int j2, int m2, int j) {
  const int m = m1 + m2 - (j1 + j2 - j) / 2;
  if (m < 0 || m > j)
    return 0.0;
  long double sum = 0.0L;
  for (int z = 0; z <= (j1 + j2 - j) / 2; ++z) {
    // Doubled projections 2m1-j1 and 2m2-j2 keep every argument an integer.
    const int a = (j1 + j2 - j) / 2 - z, b = j1 - m1 - z, c = m2 - z;
    const int d = (j - j2 + 2 * m1 - j1) / 2 + z, e = (j - j1 - 2 * m2 + j2) / 2 + z;
    if (a < 0 || b < 0 || c < 0 || d < 0 || e < 0)
      continue;
    sum += (z % 2 ? -1.0L : 1.0L) /
           (factorial(z) * factorial(a) * factorial(b) * factorial(c) * factorial(d) * factorial(e));
  }
  const long double triangle = factorial((j1 + j2 - j) / 2) * factorial((j1 - j2 + j) / 2) *
                               factorial((-j1 + j2 + j) / 2) / factorial((j1 + j2 + j) / 2 + 1);
  const long double states = factorial(m1) * factorial(j1 - m1) * factorial(m2) * factorial(j2 - m2) * factorial(m) *
                             factorial(j - m) * (j + 1);
  return static_cast<double>(sum * std::sqrt(triangle) * std::sqrt(states));
}

} // namespace dbar::bso4
