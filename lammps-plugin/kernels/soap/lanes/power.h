// B_QQ'l = norm sum_m c_Qlm c_Q'lm, its derivatives and its adjoint.
#pragma once

#include "kernels/isa/simd.h"
#include "kernels/soap/lanes/plan.h"

namespace dbar::soap {
namespace {

DBAR_INLINE long pair_at(int channels, int q, int p) {
  return static_cast<long>(q) * channels - static_cast<long>(q) * (q - 1) / 2 + (p - q);
}

// Of the channels q to q + R and p to p + C: sums over m of x y, and with TWO of u v as well; each [m][channels].
struct Factors {
  const V *x, *y, *u, *v;
};

template <int R, int C, bool TWO> DBAR_INLINE void sum(const Factors &f, int harmonics, int step, V (&out)[R][C]) {
  for (int i = 0; i < R; ++i)
    for (int j = 0; j < C; ++j)
      out[i][j] = V{};
  for (int m = 0; m < harmonics; ++m) {
    const long at = static_cast<long>(m) * step;
    V y[C], v[C];
    for (int j = 0; j < C; ++j) {
      y[j] = held(f.y[at + j]);
      if (TWO)
        v[j] = held(f.v[at + j]);
    }
    for (int i = 0; i < R; ++i) {
      const V x = held(f.x[at + i]);
      for (int j = 0; j < C; ++j)
        out[i][j] += x * y[j];
      if (!TWO)
        continue;
      const V u = held(f.u[at + i]);
      for (int j = 0; j < C; ++j)
        out[i][j] += u * v[j];
    }
  }
}

// Adds to B[step k] for the pairs with q + i <= p + j.
template <int R, int C>
DBAR_INLINE void add(const Power &power, int l, int q, int p, const V (&x)[R][C], int step, V *B) {
  const double norm = power.norm[l], twice = norm * 1.41421356237309504880;
  for (int i = 0; i < R; ++i)
    for (int j = 0; j < C; ++j)
      if (q + i <= p + j)
        B[(pair_at(power.channels, q + i, p + j) * (power.lmax + 1) + l) * step] +=
            (q + i == p + j ? norm : twice) * x[i][j];
}

template <int R, int C> void tile_values(const Power &power, int l, int q, int p, const V *c, V *B) {
  const V *of_l = c + static_cast<long>(l * l) * power.channels;
  V x[R][C];
  sum<R, C, false>({of_l + q, of_l + p, nullptr, nullptr}, 2 * l + 1, power.channels, x);
  add(power, l, q, p, x, 1, B);
}

template <int R, int C> void tile_strains(const Power &power, int l, int q, int p, const V *c, const V *dc, V *dB) {
  const long component = static_cast<long>(power.lmax + 1) * (power.lmax + 1) * power.channels;
  const V *of_l = c + static_cast<long>(l * l) * power.channels, *d = dc + static_cast<long>(l * l) * power.channels;
  for (int k = 0; k < 6; ++k, d += component) {
    V x[R][C];
    sum<R, C, true>({d + q, of_l + p, of_l + q, d + p}, 2 * l + 1, power.channels, x);
    add(power, l, q, p, x, 6, dB + k);
  }
}

constexpr int most = lanes == 8 ? 4 : 2; // rows and columns that are summed in registers

using Values = void (*)(const Power &, int, int, int, const V *, V *);
using Strains = void (*)(const Power &, int, int, int, const V *, const V *, V *);
constexpr Values value_tiles[4][4] = {
    {tile_values<1, 1>, tile_values<1, 2>, tile_values<1, 3>, tile_values<1, 4>},
    {tile_values<2, 1>, tile_values<2, 2>, tile_values<2, 3>, tile_values<2, 4>},
    {tile_values<3, 1>, tile_values<3, 2>, tile_values<3, 3>, tile_values<3, 4>},
    {tile_values<4, 1>, tile_values<4, 2>, tile_values<4, 3>, tile_values<4, 4>},
};
constexpr Strains strain_tiles[4][4] = {
    {tile_strains<1, 1>, tile_strains<1, 2>, tile_strains<1, 3>, tile_strains<1, 4>},
    {tile_strains<2, 1>, tile_strains<2, 2>, tile_strains<2, 3>, tile_strains<2, 4>},
    {tile_strains<3, 1>, tile_strains<3, 2>, tile_strains<3, 3>, tile_strains<3, 4>},
    {tile_strains<4, 1>, tile_strains<4, 2>, tile_strains<4, 3>, tile_strains<4, 4>},
};

// Calls use(l, q, p, rows - 1, columns - 1) for the tiles that hold all pairs.
template <class Use> DBAR_INLINE void each_tile(const Power &power, Use use) {
  const int n = power.channels;
  for (int l = 0; l <= power.lmax; ++l)
    for (int q = 0; q < n; q += most)
      for (int p = q; p < n; p += most)
        use(l, q, p, (n - q < most ? n - q : most) - 1, (n - p < most ? n - p : most) - 1);
}

void values(const Power &power, const double *c, double *B) {
  each_tile(power, [&](int l, int q, int p, int rows, int columns) {
    value_tiles[rows][columns](power, l, q, p, (const V *)c, (V *)B);
  });
}

void strains(const Power &power, const double *c, const double *dc, double *B, double *dB) {
  values(power, c, B);
  each_tile(power, [&](int l, int q, int p, int rows, int columns) {
    strain_tiles[rows][columns](power, l, q, p, (const V *)c, (const V *)dc, (V *)dB);
  });
}

// M harmonics of one degree and one channel: A_m += sum_p theta_qp c_pm.
template <int M> DBAR_INLINE void adjoint_of(const Power &power, int l, int q, const V *theta, const V *c, V *A) {
  const int n = power.channels;
  const double norm = 1.41421356237309504880 * power.norm[l], own = 2.0 * power.norm[l];
  V sum[M] = {};
  for (int p = 0; p < n; ++p) {
    const long pair = p < q ? pair_at(n, p, q) : pair_at(n, q, p);
    const V t = (p == q ? own : norm) * theta[pair * (power.lmax + 1) + l];
    for (int m = 0; m < M; ++m)
      sum[m] += t * c[static_cast<long>(m) * n + p];
  }
  for (int m = 0; m < M; ++m)
    A[static_cast<long>(m) * n + q] += sum[m];
}

void adjoint(const Power &power, const double *c, const double *theta, double *A) {
  const int n = power.channels;
  for (int l = 0; l <= power.lmax; ++l)
    for (int q = 0; q < n; ++q) {
      int m = 0;
      const auto at = [&](int m) { return static_cast<long>(l * l + m) * n; };
      for (; m + 5 <= 2 * l + 1; m += 5)
        adjoint_of<5>(power, l, q, (const V *)theta, (const V *)c + at(m), (V *)A + at(m));
      for (; m + 2 <= 2 * l + 1; m += 2)
        adjoint_of<2>(power, l, q, (const V *)theta, (const V *)c + at(m), (V *)A + at(m));
      if (m < 2 * l + 1)
        adjoint_of<1>(power, l, q, (const V *)theta, (const V *)c + at(m), (V *)A + at(m));
    }
}

const Entry kernels = {values, strains, adjoint};

} // namespace

const Entry *entry(With<Isa::DBAR_ISA>) {
  return &kernels;
}

} // namespace dbar::soap
