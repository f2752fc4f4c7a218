// Z(j1,j2 -> t) of all targets t of a pair at once: products U1 U2 are formed once for all targets.
#pragma once

#include "kernels/bso4/lanes/work.h"
#include "kernels/isa/simd.h"

namespace dbar::bso4 {
namespace {

// T targets and NA a-pairs, known when compiled so that all sums stay in registers and the loops
// over them have no branch; NA = 0 is any number of a-pairs.
template <int NA, int T, bool ADD> void couple_units(const Couplings &table, const UnitRange &range, const V *u, V *z) {
  const int na = NA ? NA : range.a_pairs;
  for (const Unit *unit = table.unit + range.begin; unit < table.unit + range.end; ++unit) {
    const V *ua = u + unit->u1, *ub = u + unit->u2;
    const double *ca = table.ca + unit->ca, *cb = table.cb + unit->cb;
    const ColumnPair *end = table.column_pair + unit->end;
    V sum[T][2] = {};
    for (const ColumnPair *p = table.column_pair + unit->begin; p < end; ++p, cb += unit->cb_step) {
      const V *u1 = ua + p->u1, *u2 = ub + p->u2;
      V re[T] = {}, im[T] = {};
      // Coefficients are broadcast where they are used: kept apart they would fill the registers.
      asm("" : "+r"(ca));
#pragma GCC unroll 9
      for (int k = 0; k < na; ++k) {
        const V a = held(u1[2 * k]), b = held(u1[2 * k + 1]);
        const V c = held(u2[-2 * k]), d = held(u2[1 - 2 * k]);
        const V pre = a * c - b * d, pim = a * d + b * c;
        for (int t = 0; t < T; ++t) {
          if (NA == 1) { // one factor for all b-pairs: at the end
            re[t] = pre, im[t] = pim;
            continue;
          }
          const V coefficient = held(broadcast(ca[k * T + t]));
          re[t] += coefficient * pre;
          im[t] += coefficient * pim;
        }
      }
      for (int t = 0; t < T; ++t) {
        sum[t][0] += cb[t] * re[t];
        sum[t][1] += cb[t] * im[t];
      }
    }
    for (int t = 0; t < T; ++t) {
      if (NA == 1) {
        sum[t][0] *= ca[t];
        sum[t][1] *= ca[t];
      }
      V *element = z + table.z_at[unit->z + t];
      element[0] = ADD ? element[0] + sum[t][0] : sum[t][0];
      element[1] = ADD ? element[1] + sum[t][1] : sum[t][1];
    }
  }
}

using CoupleUnits = void (*)(const Couplings &, const UnitRange &, const V *, V *);
constexpr int known_a_pairs = 9, most_targets = 11; // of twojmax 8; of the largest
static_assert(most_targets == most_twojmax / 2 + 1, "one function for each number of targets");

template <int NA, bool ADD> struct UnitsOf {
  static constexpr CoupleUnits of[most_targets] = {
      couple_units<NA, 1, ADD>, couple_units<NA, 2, ADD>, couple_units<NA, 3, ADD>, couple_units<NA, 4, ADD>,
      couple_units<NA, 5, ADD>, couple_units<0, 6, ADD>,  couple_units<0, 7, ADD>,  couple_units<0, 8, ADD>,
      couple_units<0, 9, ADD>,  couple_units<0, 10, ADD>, couple_units<0, 11, ADD>,
  };
};

template <bool ADD> void couple(const Couplings &c, const V *u, V *z) {
  static constexpr const CoupleUnits *table[known_a_pairs + 1] = {
      UnitsOf<0, ADD>::of, UnitsOf<1, ADD>::of, UnitsOf<2, ADD>::of, UnitsOf<3, ADD>::of, UnitsOf<4, ADD>::of,
      UnitsOf<5, ADD>::of, UnitsOf<6, ADD>::of, UnitsOf<7, ADD>::of, UnitsOf<8, ADD>::of, UnitsOf<9, ADD>::of,
  };
  for (int i = 0; i < c.ranges; ++i) {
    const UnitRange &range = c.range[i];
    const int na = range.a_pairs <= known_a_pairs ? range.a_pairs : 0;
    table[na][range.targets - 1](c, range, u, z);
  }
}

} // namespace
} // namespace dbar::bso4
