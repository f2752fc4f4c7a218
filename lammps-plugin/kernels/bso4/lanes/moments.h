// Moments <F, Y_lm>: radial functions and harmonics of a block of neighbours, then their products
// summed over the block.
#pragma once

#include "kernels/bso4/lanes/neighbours.h"
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

// A tile of R functions and M harmonics, summed in registers.
template <int R, int M> void tile(V *sum, int step, const V *f, int fstep, const V *y, int ystep, int slots) {
  V acc[R][M];
  for (int r = 0; r < R; ++r)
    for (int m = 0; m < M; ++m)
      acc[r][m] = sum[m * step + r];
  for (int s = 0; s < slots; ++s, f += fstep, y += ystep)
    for (int m = 0; m < M; ++m) {
      const V each = held(y[m]);
      for (int r = 0; r < R; ++r)
        acc[r][m] += f[r] * each;
    }
  for (int r = 0; r < R; ++r)
    for (int m = 0; m < M; ++m)
      sum[m * step + r] = acc[r][m];
}

constexpr int tile_rows = lanes == 8 ? 4 : 3, tile_columns = lanes == 8 ? 5 : 4;

using Tile = void (*)(V *, int, const V *, int, const V *, int, int);
constexpr Tile tiles[4][5] = {
    {tile<1, 1>, tile<1, 2>, tile<1, 3>, tile<1, 4>, tile<1, 5>},
    {tile<2, 1>, tile<2, 2>, tile<2, 3>, tile<2, 4>, tile<2, 5>},
    {tile<3, 1>, tile<3, 2>, tile<3, 3>, tile<3, 4>, tile<3, 5>},
    {tile<4, 1>, tile<4, 2>, tile<4, 3>, tile<4, 4>, tile<4, 5>},
};

DBAR_INLINE int piece(int left, int most) { // even pieces of at most `most`
  const int pieces = (left + most - 1) / most;
  return (left + pieces - 1) / pieces;
}

void add_products(const Layout &layout, const V *f, const V *y, int slots, V *moments) {
  const int ystep = (layout.largest + 1) * (layout.largest + 1);
  for (int L = 0; L <= layout.largest; ++L)
    for (int i = 0, R; i < layout.summed[L]; i += R) {
      R = piece(layout.summed[L] - i, tile_rows);
      for (int m = 0, M; m < 2 * L + 1; m += M) {
        M = piece(2 * L + 1 - m, tile_columns);
        tiles[R - 1][M - 1](moments + layout.at[L] + m * layout.count[L] + i, layout.count[L], f + layout.first[L] + i,
                            layout.functions, y + L * L + m, ystep, slots);
      }
    }
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
    add_products(layout, f, y, n, moments);
  }
}

} // namespace
} // namespace dbar::bso4
