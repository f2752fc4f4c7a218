// From dE/dc of each centre to dE/dr of its neighbours.
#pragma once

#include "kernels/density/lanes/moments.h"
#include "kernels/density/limits.h"

namespace dbar::density {
namespace {

constexpr int most_harmonics = (most_lmax + 1) * (most_lmax + 1);

// q_lm = sum_n A_nlm F_nl for M harmonics of one degree, whose A are `stride` apart, and sum A_nlm h_nl X_lm, which is
// returned.
template <int M> DBAR_INLINE V project(int nmax, const V *F, const V *h, const V *A, int stride, const V *x, V *q) {
  V sum[M][2] = {};
  for (int n = 0; n < nmax; ++n) {
    const V f = held(F[n]), g = held(h[n]);
    for (int m = 0; m < M; ++m) {
      const V a = held(A[m * stride + n]);
      sum[m][0] += a * f;
      sum[m][1] += a * g;
    }
  }
  V radially{};
  for (int m = 0; m < M; ++m) {
    q[m] = sum[m][0];
    radially += sum[m][1] * x[m];
  }
  return radially;
}

// Sum of q_lm dX_lm/dr_b. With R_l^m = X_lm + i X_l-m and unnormalised: dR_l^m/dz = (l+m) R_(l-1)^m,
// (d/dx + i d/dy) R_l^m = -R_(l-1)^(m+1) and (d/dx - i d/dy) R_l^m = (l+m) (l+m-1) R_(l-1)^(m-1).
DBAR_INLINE void harmonic_gradient(const Plan &plan, const V *x, const V *q, V *out) {
  const Gradient &table = plan.gradient;
  V gx{}, gy{}, gz{};
  for (int l = 1; l <= plan.lmax; ++l) {
    const V *lower = x + (l - 1) * (l - 1), *of_l = q + l * l;
    const auto cosine = [](const V *all, int m) { return all[m == 0 ? 0 : 2 * m - 1]; };
    const auto sine = [](const V *all, int m) { return all[2 * m]; };
    for (int m = 0; m <= l; ++m) {
      const int i = l * (l + 1) / 2 + m;
      const V qc = cosine(of_l, m), qs = m > 0 ? sine(of_l, m) : V{};
      if (m < l) {
        V z = qc * cosine(lower, m);
        if (m > 0)
          z += qs * sine(lower, m);
        gz += table.level[i] * z;
      }
      if (m + 1 < l) {
        const V c = table.above[i] * cosine(lower, m + 1), s = table.above[i] * sine(lower, m + 1);
        gx -= qc * c + qs * s;
        gy += qs * c - qc * s;
      }
      if (m > 0) {
        const V c = table.below[i] * cosine(lower, m - 1);
        gx += qc * c;
        gy += qs * c;
      }
      if (m > 1) {
        const V s = table.below[i] * sine(lower, m - 1);
        gx += qs * s;
        gy -= qc * s;
      }
    }
  }
  out[0] = gx;
  out[1] = gy;
  out[2] = gz;
}

DBAR_INLINE void neighbour_gradient(const Plan &plan, const Work &work, const Point &p, const V *A, V *out) {
  V *value = (V *)work.radial, *slope = value + plan.splines.padded;
  radial<true>(plan.splines, p.rsq, p.weight, p.set, value, slope);
  const int stride = plan.slots * plan.nmax;
  V q[most_harmonics], x[most_harmonics], radially{};
  solid_harmonics(plan, plan.lmax, p.e, x);
  for (int l = 0; l <= plan.lmax; ++l) {
    const int of_l = plan.solid ? l * plan.nmax : 0;
    const V *F = value + of_l, *h = slope + of_l, *from = A + static_cast<long>(l * l) * stride;
    int m = l % 2 ? 3 : 1;
    radially += l % 2 ? project<3>(plan.nmax, F, h, from, stride, x + l * l, q + l * l)
                      : project<1>(plan.nmax, F, h, from, stride, x + l * l, q + l * l);
    for (; m < 2 * l + 1; m += 4)
      radially += project<4>(plan.nmax, F, h, from + m * stride, stride, x + l * l + m, q + l * l + m);
  }
  harmonic_gradient(plan, x, q, out);
  if (!plan.solid) { // harmonics of the unit vector do not change along it
    const V along = p.e[0] * out[0] + p.e[1] * out[1] + p.e[2] * out[2];
    for (int k = 0; k < 3; ++k)
      out[k] = (out[k] - along * p.e[k]) * p.inverse;
  }
  for (int k = 0; k < 3; ++k)
    out[k] += radially * p.r[k];
}

void pull_back(const Plan &plan, const Work &work, const double *adjoint, double (*grad)[3]) {
  for (int a = 0; a < plan.slots; ++a) {
    const V *A = (const V *)adjoint + a * plan.nmax;
    for (int s = 0; s < work.most[a]; ++s) {
      const V *slot = (const V *)slots_of(work, a) + static_cast<long>(s) * SLOT;
      V out[3];
      neighbour_gradient(plan, work, point(plan, slot), A, out);
      for (int lane = 0; lane < lanes; ++lane) {
        const int pair = static_cast<int>(slot[PAIR][lane]);
        if (pair < 0)
          continue;
        for (int k = 0; k < 3; ++k)
          grad[pair][k] = out[k][lane];
      }
    }
  }
}

const Entry kernels = {lanes, gather, add_moments, coefficients, pull_back};

} // namespace

const Entry *entry(With<Isa::DBAR_ISA>) {
  return &kernels;
}

} // namespace dbar::density
