// The gradient of theta.B: the adjoint Y of U goes back to moments, then every neighbour meets
// them with its radial functions and harmonics.
#pragma once

#include "kernels/bso4/lanes/moments.h"

namespace dbar::bso4 {
namespace {

constexpr int most_lm = (most_twojmax + 1) * (most_twojmax + 1);

// Y_t = sum over blocks of theta factor Z, of Z that are kept and a theta of each lane: NB blocks of one target.
template <int NB> DBAR_INLINE void add_blocks(const BlockPlan *block, int elements, const V *theta, const V *z, V *y) {
  V factor[NB];
  const V *zb[NB];
  for (int b = 0; b < NB; ++b) {
    factor[b] = held(block[b].factor * theta[block[b].component]);
    zb[b] = z + 2 * block[b].z;
  }
  for (int i = 0; i < 2 * elements; ++i) {
    V sum = y[i];
    for (int b = 0; b < NB; ++b)
      sum += factor[b] * zb[b][i];
    y[i] = sum;
  }
}

void add_theta(const Couplings &c, const V *theta, const V *z, V *y) {
  for (const Group *group = c.group; group < c.group + c.groups; ++group) {
    const BlockPlan *block = c.block + group->begin;
    V *of_target = y + 2 * group->uw;
    if (group->blocks == 3)
      add_blocks<3>(block, group->elements, theta, z, of_target);
    else if (group->blocks == 2)
      add_blocks<2>(block, group->elements, theta, z, of_target);
    else
      add_blocks<1>(block, group->elements, theta, z, of_target);
  }
}

// Moments of the adjoint, ordered as the moments of values.
void fold(const Plan &plan, const V *y, V *out) {
  for (const Output *o = plan.fold; o < plan.fold + matrix_at(plan.twojmax + 1); ++o) {
    V sum{};
    const Term *end = plan.fold_term + o->end;
    for (const Term *term = plan.fold_term + o->begin; term < end; ++term)
      sum += term->factor * y[term->source];
    out[o->place] = sum;
  }
}

// q_lm = sum_j A_jlm chi_jl and p_lm = sum_j A_jlm r dchi_jl/dr / slope for M harmonics of one l.
template <int M> DBAR_INLINE void project(int count, const V *chi, const V *dchi, const V *adjoint, V *q, V *dq) {
  V sum[M][2] = {};
#pragma GCC unroll 9
  for (int j = 0; j < count; ++j) {
    const V c = held(chi[j]), d = held(dchi[j]);
    for (int m = 0; m < M; ++m) {
      const V a = held(adjoint[m * count + j]);
      sum[m][0] += a * c;
      sum[m][1] += a * d;
    }
  }
  for (int m = 0; m < M; ++m) {
    q[m] = sum[m][0];
    dq[m] = sum[m][1];
  }
}

// All q_lm and their derivatives by theta.
DBAR_INLINE void project_all(const Plan &plan, int twojmax, const Point &p, const V *adjoint, V *q, V *dq) {
  V chi[most_chi];
  characters(plan, twojmax, p.cosine, p.sine, chi);
#pragma GCC unroll 9
  for (int l = 0; l <= twojmax; ++l) {
    const int count = twojmax + 1 - l;
    V c[most_twojmax + 1], d[most_twojmax + 1];
#pragma GCC unroll 9
    for (int i = 0; i < count; ++i) {
      c[i] = chi[chi_at(l + i, l)];
      d[i] = character_slope(plan, chi, l + i, l);
    }
    const V *a = adjoint + plan.plain.at[l];
    project<1>(count, c, d, a, q + l * l, dq + l * l);
    int m = 1;
#pragma GCC unroll 4
    for (; m + 4 <= 2 * l + 1; m += 4)
      project<4>(count, c, d, a + m * count, q + l * l + m, dq + l * l + m);
    if (m < 2 * l + 1)
      project<2>(count, c, d, a + m * count, q + l * l + m, dq + l * l + m);
  }
}

// dE/dr of E = f sum_lm q_lm(theta) Y_lm(n): along n by f and q, across it by Y. With
// Y_lm = Pi_lm(z) (x + iy)^m a polynomial in three free variables, dPi_lm/dz = turn Pi_l,m+1; the
// part of its gradient along n is taken off. A twojmax known when compiled unrolls all loops.
template <int J> DBAR_INLINE void neighbour_gradient(const Plan &plan, const Point &p, const V *adjoint, V *out) {
  const int twojmax = J ? J : plan.twojmax;
  V q[most_lm], dq[most_lm];
  project_all(plan, twojmax, p, adjoint, q, dq);
  V value{}, slope{}, d[3] = {};                     // sum of q Y, of q' Y; gradient of Y
  V c = broadcast(1.0), s{}, c1{}, s1{};             // (x + iy)^m and (x + iy)^(m-1)
  V above[most_twojmax + 1], here[most_twojmax + 1]; // Pi_lm and Pi_l,m+1
  density::legendre(plan.harmonics, twojmax, 0, p.n[2], here);
#pragma GCC unroll 9
  for (int m = 0; m <= twojmax; ++m) {
    if (m > 0) {
      c1 = c, s1 = s;
      c = p.n[0] * c1 - p.n[1] * s1;
      s = p.n[0] * s1 + p.n[1] * c1;
    }
    if (m < twojmax)
      density::legendre(plan.harmonics, twojmax, m + 1, p.n[2], above);
    V qc{}, qs{}, dc{}, ds{}, zc{}, zs{};
#pragma GCC unroll 9
    for (int l = m; l <= twojmax; ++l) {
      const int i = m == 0 ? l * l : l * l + 2 * m - 1;
      const V pi = here[l];
      qc += pi * q[i];
      dc += pi * dq[i];
      if (m > 0) {
        qs += pi * q[i + 1];
        ds += pi * dq[i + 1];
      }
      if (l == m)
        continue;
      const V dpi = plan.harmonics.turn[l * (l + 1) / 2 + m] * above[l];
      zc += dpi * q[i];
      if (m > 0)
        zs += dpi * q[i + 1];
    }
    value += qc * c + qs * s;
    slope += dc * c + ds * s;
    d[2] += zc * c + zs * s;
    if (m > 0) {
      d[0] += static_cast<double>(m) * (qc * c1 + qs * s1);
      d[1] += static_cast<double>(m) * (qs * c1 - qc * s1);
    }
#pragma GCC unroll 9
    for (int l = m + 1; l <= twojmax; ++l)
      here[l] = above[l];
  }
  const V radial = p.fslope * value + p.f * p.slope * slope;
  const V along = p.n[0] * d[0] + p.n[1] * d[1] + p.n[2] * d[2];
  for (int k = 0; k < 3; ++k)
    out[k] = (p.f * d[k] + (radial - p.f * along) * p.n[k]) * p.inverse;
}

template <int J>
void neighbour_gradients(const Plan &plan, const Work &work, int slots, const V *adjoint, double (*grad)[3]) {
  const Point *point = (const Point *)work.point;
  for (int s = 0; s < slots; ++s) {
    const V *slot = (const V *)work.slot + s * SLOT;
    V out[3];
    neighbour_gradient<J>(plan, point[s], adjoint, out);
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
