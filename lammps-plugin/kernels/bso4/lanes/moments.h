// Moments <F, Y_lm>: radial functions and harmonics of a block of neighbours, then their products
// summed over the block.
#pragma once

#include "kernels/bso4/lanes/neighbours.h"
#include "kernels/density/lanes/products.h"
#include "kernels/density/recursion.h"

namespace dbar::bso4 {
namespace {

constexpr int most_chi = (most_twojmax + 1) * (most_twojmax + 2) / 2;

// Where U_j begins, as offset().
DBAR_INLINE int matrix_at(int j) {
  return j * (j + 1) * (2 * j + 1) / 6;
}

DBAR_INLINE int chi_at(int j, int l) {
  return j * (j + 1) / 2 + l;
}

DBAR_INLINE void characters(const Plan &plan, int twojmax, V cosine, V sine, V *chi) {
  V power = broadcast(1.0);
#pragma GCC unroll 9
  for (int j = 0; j <= twojmax; ++j) {
    const double *alpha = plan.chi_alpha + chi_at(j, 0), *beta = plan.chi_beta + chi_at(j, 0);
    V *here = chi + chi_at(j, 0);
    const V *below = chi + chi_at(j - 1, 0), *lower = chi + chi_at(j - 2, 0);
#pragma GCC unroll 9
    for (int l = 0; l < j - 1; ++l)
      here[l] = alpha[l] * cosine * below[l] - beta[l] * lower[l];
    if (j > 0)
      here[j - 1] = alpha[j - 1] * cosine * below[j - 1];
    here[j] = plan.chi_first[chi_at(j, j)] * power;
    power = power * sine;
  }
}

// d chi_jl / dtheta
DBAR_INLINE V character_slope(const Plan &plan, const V *chi, int j, int l) {
  const int i = chi_at(j, l);
  V slope{};
  if (l > 0)
    slope += plan.chi_lower[i] * chi[i - 1];
  if (l < j)
    slope -= plan.chi_upper[i] * chi[i + 1];
  return slope;
}

DBAR_INLINE void functions(const Plan &plan, const Layout &layout, int twojmax, bool strain, const Point &p, V *out) {
  V chi[most_chi];
  characters(plan, twojmax, p.cosine, p.sine, chi);
  const V g = p.f * p.slope;
#pragma GCC unroll 9
  for (int l = 0; l <= twojmax; ++l) {
    V *value = out + layout.first[l];
    if (!strain) {
#pragma GCC unroll 9
      for (int j = l; j <= twojmax; ++j)
        value[j - l] = p.f * chi[chi_at(j, l)];
      continue;
    }
    V *slope = l < 2 ? value + layout.kind[l][SLOPE] : nullptr;
    V *rise = out + layout.first[l + 2] + layout.kind[l + 2][RISE];
#pragma GCC unroll 9
    for (int j = l; j <= twojmax; ++j) {
      const V c = chi[chi_at(j, l)];
      const V F = p.f * c, G = p.fslope * c + g * character_slope(plan, chi, j, l);
      value[j - l] = F;
      rise[j - l] = G - static_cast<double>(l) * F;
      if (l < 2)
        slope[j - l] = G;
    }
  }
}

// Y_lm at l^2 + 2m - 1 (cosine part) and l^2 + 2m (sine part).
DBAR_INLINE void harmonics(const Plan &plan, int largest, const V *n, V *y) {
  density::harmonics(
      plan.harmonics, largest, n, broadcast(1.0), [](double drop) { return broadcast(drop); },
      [y](int l, int m, V c, V s) {
        if (m == 0) {
          y[l * l] = c;
        } else {
          y[l * l + 2 * m - 1] = c;
          y[l * l + 2 * m] = s;
        }
      });
}

template <int J> void sum_moments(const Plan &plan, const Layout &layout, bool strain, const Work &work, int slots) {
  const int twojmax = J ? J : plan.twojmax, largest = twojmax + (strain ? 2 : 0);
  V *f = (V *)work.functions, *y = (V *)work.harmonics, *moments = (V *)work.moments;
  const V *slot = (const V *)work.slot;
  Point *points = (Point *)work.point;
  const int ystep = (largest + 1) * (largest + 1);
  for (int i = 0; i < layout.moments; ++i)
    moments[i] = V{};
  for (int s = 0; s < slots; s += slot_block) {
    const int n = slots - s < slot_block ? slots - s : slot_block;
    for (int k = 0; k < n; ++k) {
      const Point p = point(plan, slot + (s + k) * SLOT);
      points[s + k] = p;
      functions(plan, layout, twojmax, strain, p, f + k * layout.functions);
      harmonics(plan, largest, p.n, y + k * ystep);
    }
    density::add_products(layout, f, layout.functions, y, n, moments);
  }
}

} // namespace
} // namespace dbar::bso4
