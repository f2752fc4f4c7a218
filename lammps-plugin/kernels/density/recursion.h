// Real harmonics by their recursion over degrees, for vectors of any width: the one place that knows it.
//
// Y_lm = Pi_lm(z) Re or Im (x + iy)^m on the unit sphere, X_lm = r^l Y_lm anywhere; real, without the sign (-1)^m of
// Condon and Shortley. With z Y_(l-1)m = a(l,m) Y_lm + a(l-1,m) Y_(l-2)m, a(l,m)^2 = (l^2 - m^2) / (4 l^2 - 1).
// Also read by the files that are compiled for one instruction set: what has a body here is private to each.
#pragma once

#include "kernels/density/recursion_tables.h"
#include "kernels/isa/simd.h"

namespace dbar::density {
namespace {

// Calls put(l, m, Re, Im) for all m, and of each m for all l up to `largest`. `drop` gives the second factor of the
// recursion as a vector: times r^2, unless r is a unit vector.
template <class Drop, class Put>
DBAR_INLINE void harmonics(const Recursion &table, int largest, const V *r, V constant, Drop drop, Put put) {
  V c = constant, s{};
#pragma GCC unroll 11
  for (int m = 0; m <= largest; ++m) {
    if (m > 0) {
      const V turned = r[0] * c - r[1] * s;
      s = table.start[m] * (r[0] * s + r[1] * c);
      c = table.start[m] * turned;
    }
    V c1{}, s1{}, c0 = c, s0 = s; // degrees l-1 and l
#pragma GCC unroll 11
    for (int l = m; l <= largest; ++l) {
      if (l > m) {
        const int i = l * (l + 1) / 2 + m;
        const V rise = table.rise[i] * r[2], fall = drop(table.drop[i]);
        const V c2 = rise * c0 - fall * c1, s2 = rise * s0 - fall * s1;
        c1 = c0, s1 = s0, c0 = c2, s0 = s2;
      }
      put(l, m, c0, s0);
    }
  }
}

// Pi_lm(z) of one m for l = m..largest.
DBAR_INLINE void legendre(const Recursion &table, int largest, int m, V z, V *pi) {
  pi[m] = broadcast(table.first[m]);
#pragma GCC unroll 9
  for (int l = m + 1; l <= largest; ++l) {
    const int i = l * (l + 1) / 2 + m;
    pi[l] = table.rise[i] * z * pi[l - 1];
    if (l > m + 1)
      pi[l] -= table.drop[i] * pi[l - 2];
  }
}

} // namespace
} // namespace dbar::density
