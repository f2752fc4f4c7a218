#include "kernels/density/coupling.h"

#include <algorithm>
#include <cmath>
#include <complex>

namespace dbar::density {

namespace {

using Real = long double;
using Complex = std::complex<Real>;

Real factorial(int n) {
  Real product = 1;
  for (int i = 2; i <= n; ++i)
    product *= i;
  return product;
}

// C^(l m)_(l1 m1 l2 m2) of complex harmonics, by Racah's sum (Varshalovich 8.2.1).
Real clebsch_gordan(int l1, int m1, int l2, int m2, int l, int m) {
  if (m1 + m2 != m || l < std::abs(l1 - l2) || l > l1 + l2)
    return 0;
  const Real triangle = (2 * l + 1) * factorial(l1 + l2 - l) * factorial(l1 - l2 + l) * factorial(-l1 + l2 + l) /
                        factorial(l1 + l2 + l + 1);
  const Real norm = factorial(l1 + m1) * factorial(l1 - m1) * factorial(l2 + m2) * factorial(l2 - m2) *
                    factorial(l + m) * factorial(l - m);
  Real sum = 0;
  for (int k = std::max({0, l2 - l - m1, l1 - l + m2}); k <= std::min({l1 + l2 - l, l1 - m1, l2 + m2}); ++k)
    sum += (k % 2 ? -1 : 1) / (factorial(k) * factorial(l1 + l2 - l - k) * factorial(l1 - m1 - k) *
                               factorial(l2 + m2 - k) * factorial(l - l2 + m1 + k) * factorial(l - l1 - m2 + k));
  return std::sqrt(triangle * norm) * sum;
}

// The real harmonic number `place` of a degree is sum_m of this times the complex one, with the sign of Condon and
// Shortley.
Complex real_by_complex(int place, int m) {
  const int order = (place + 1) / 2;
  if (std::abs(m) != order)
    return 0;
  if (order == 0)
    return 1;
  const Real root = std::sqrt(0.5L), sign = order % 2 ? -1 : 1;
  // Y_-m = (-1)^m conj(Y_m), so that (-1)^m sqrt2 Re Y_m = ((-1)^m Y_m + Y_-m) / sqrt2, and the imaginary part alike
  const bool sine = place % 2 == 0;
  const Complex of_both = m > 0 ? Complex(sign * root) : Complex(sine ? -root : root);
  return sine ? of_both / Complex(0, 1) : of_both;
}

} // namespace

// With c = sum_m over complex ones, c_real = sum_m U c* gives c_complex = sum U c_real, and the third one is conjugate.
std::vector<Coupling> couplings(int l1, int l2, int l3) {
  std::vector<Coupling> all;
  const bool odd = (l1 + l2 + l3) % 2;
  const Real norm = std::sqrt(2.0L * l3 + 1.0L);
  const auto orders = [](int place) { return (place + 1) / 2; };
  for (int a = 0; a < 2 * l1 + 1; ++a)
    for (int b = 0; b < 2 * l2 + 1; ++b)
      for (int c = 0; c < 2 * l3 + 1; ++c) {
        Complex sum = 0;
        for (int m1 : {orders(a), -orders(a)})
          for (int m2 : {orders(b), -orders(b)}) {
            const int m3 = m1 + m2;
            if (std::abs(m3) == orders(c))
              sum += clebsch_gordan(l1, m1, l2, m2, l3, m3) * real_by_complex(a, m1) * real_by_complex(b, m2) *
                     std::conj(real_by_complex(c, m3));
            if (orders(b) == 0)
              break;
          }
        // a zero order has been counted twice where its two signs are the same
        if (orders(a) == 0)
          sum *= 0.5L;
        const Real value = (odd ? sum.imag() : sum.real()) / norm;
        if (std::abs(value) > 1e-15L)
          all.push_back({a, b, c, static_cast<double>(value)});
      }
  return all;
}

} // namespace dbar::density
