// The gradient of theta.B: the adjoint Y of U goes back to moments, then every neighbour meets
// them with its radial functions and harmonics.
#ifndef DBAR_BSO4_LANES_ADJOINT_H
#define DBAR_BSO4_LANES_ADJOINT_H

#include "unfold.h"

namespace dbar::bso4 {
namespace {

constexpr int most_lm = (most_twojmax + 1) * (most_twojmax + 1);

// Moments of the adjoint, ordered as the moments of values.
void fold(const Plan &plan, const V *y, V *out) {
  for (int i = 0; i < matrix_at(plan.twojmax + 1); ++i) {
    V sum{};
    for (int t = plan.fold[i].begin; t < plan.fold[i].end; ++t)
      sum += plan.fold_term[t].factor * y[plan.fold_term[t].source];
    out[i] = sum;
  }
}

// g_lm = sum_j A_jlm F_jl and h_lm = sum_j A_jlm r F'_jl for M harmonics of one l.
template <int M> DBAR_INLINE void project(int count, const V *F, const V *G, const V *adjoint, V *g, V *h) {
  V sum[M][2] = {};
  for (int j = 0; j < count; ++j) {
    const V f = held(F[j]), fslope = held(G[j]);
    for (int m = 0; m < M; ++m) {
      const V a = held(adjoint[m * count + j]);
      sum[m][0] += a * f;
      sum[m][1] += a * fslope;
    }
  }
  for (int m = 0; m < M; ++m) {
    g[m] = sum[m][0];
    h[m] = sum[m][1];
  }
}

DBAR_INLINE void project_all(const Plan &plan, const Point &p, const V *adjoint, V *g, V *h) {
  V chi[most_chi];
  characters(plan, p.cosine, p.sine, chi);
  for (int l = 0; l <= plan.twojmax; ++l) {
    const int count = plan.twojmax + 1 - l;
    V F[most_twojmax + 1], G[most_twojmax + 1];
    for (int i = 0; i < count; ++i) {
      const V c = chi[chi_at(l + i, l)];
      F[i] = p.f * c;
      G[i] = p.fslope * c + p.f * p.slope * character_slope(plan, chi, l + i, l);
    }
    const V *a = adjoint + plan.plain.at[l];
    project<1>(count, F, G, a, g + l * l, h + l * l);
    int m = 1;
    for (; m + 4 <= 2 * l + 1; m += 4)
      project<4>(count, F, G, a + m * count, g + l * l + m, h + l * l + m);
    if (m < 2 * l + 1)
      project<2>(count, F, G, a + m * count, g + l * l + m, h + l * l + m);
  }
}

// dE/dr = sum_lm h_lm Y_lm n / r + g_lm grad Y_lm.
DBAR_INLINE void neighbour_gradient(const Plan &plan, const Point &p, const V *adjoint, V *out) {
  V g[most_lm], h[most_lm];
  project_all(plan, p, adjoint, g, h);
  // Y_lm = Pi_lm(z) (x + iy)^m as a polynomial in three free variables; the part of its gradient
  // along n is taken off below.
  V radial{}, d[3] = {};
  V c = all(1.0), s{}, c1{}, s1{}; // (x + iy)^m and (x + iy)^(m-1)
  double start = 1.0;
  for (int m = 0; m <= plan.twojmax; ++m) {
    if (m > 0) {
      c1 = c, s1 = s;
      c = p.n[0] * c1 - p.n[1] * s1;
      s = p.n[0] * s1 + p.n[1] * c1;
      start *= plan.y_start[m];
    }
    V hc{}, hs{}, gc{}, gs{}, zc{}, zs{};
    V pi = all(start), pi1{}, dpi{}, dpi1{};
    for (int l = m; l <= plan.twojmax; ++l) {
      if (l > m) {
        const int i = l * (l + 1) / 2 + m;
        const V rise = plan.y_rise[i] * p.n[2], drop = all(plan.y_drop[i]);
        const V next = rise * pi - drop * pi1;
        const V dnext = rise * dpi + plan.y_rise[i] * pi - drop * dpi1;
        pi1 = pi, pi = next, dpi1 = dpi, dpi = dnext;
      }
      const int i = m == 0 ? l * l : l * l + 2 * m - 1;
      hc += pi * h[i];
      gc += pi * g[i];
      zc += dpi * g[i];
      if (m == 0)
        continue;
      hs += pi * h[i + 1];
      gs += pi * g[i + 1];
      zs += dpi * g[i + 1];
    }
    radial += hc * c + hs * s;
    d[2] += zc * c + zs * s;
    if (m == 0)
      continue;
    d[0] += static_cast<double>(m) * (gc * c1 + gs * s1);
    d[1] += static_cast<double>(m) * (gs * c1 - gc * s1);
  }
  const V along = p.n[0] * d[0] + p.n[1] * d[1] + p.n[2] * d[2];
  for (int k = 0; k < 3; ++k)
    out[k] = (d[k] + (radial - along) * p.n[k]) * p.inverse;
}

void neighbour_gradients(const Plan &plan, const Work &work, int slots, const V *adjoint, double (*grad)[3]) {
  for (int s = 0; s < slots; ++s) {
    const V *slot = (const V *)work.slot + s * SLOT;
    V out[3];
    neighbour_gradient(plan, point(plan, slot), adjoint, out);
    for (int lane = 0; lane < lanes; ++lane) {
      const int pair = static_cast<int>(slot[PAIR][lane]);
      if (pair < 0)
        continue;
      for (int k = 0; k < 3; ++k)
        grad[pair][k] = out[k][lane];
    }
  }
}

} // namespace
} // namespace dbar::bso4

#endif
