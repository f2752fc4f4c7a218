// B_nl = sum_l' chebyshev_ll' sum_m c_nl'm^2, its derivatives and its adjoint.
#pragma once

#include "kernels/afs/lanes/plan.h"
#include "kernels/density/limits.h"
#include "kernels/isa/simd.h"

namespace dbar::afs {
namespace {

constexpr int most_degrees = density::most_lmax + 1;

// sum_m x_nlm y_nlm of one n, for all l.
DBAR_INLINE void products(const Series &s, int n, const V *x, const V *y, V *out) {
  for (int l = 0; l <= s.lmax; ++l) {
    V sum{};
    for (int m = l * l; m < (l + 1) * (l + 1); ++m)
      sum += x[static_cast<long>(m) * s.nmax + n] * y[static_cast<long>(m) * s.nmax + n];
    out[l] = sum;
  }
}

DBAR_INLINE void add(const Series &s, const V *of_degree, double factor, int step, V *B) {
  const double *row = s.chebyshev;
  for (int l = 0; l <= s.lmax; ++l, row += s.lmax + 1) {
    V sum{};
    for (int k = l % 2; k <= l; k += 2)
      sum += row[k] * of_degree[k];
    B[static_cast<long>(l) * step] += factor * sum;
  }
}

void values(const Series &s, const double *c, double *B) {
  for (int n = 0; n < s.nmax; ++n) {
    V of_degree[most_degrees];
    products(s, n, (const V *)c, (const V *)c, of_degree);
    add(s, of_degree, 1.0, 1, (V *)B + static_cast<long>(n) * (s.lmax + 1));
  }
}

void strains(const Series &s, const double *c, const double *dc, double *B, double *dB) {
  values(s, c, B);
  const long component = static_cast<long>(s.lmax + 1) * (s.lmax + 1) * s.nmax;
  for (int k = 0; k < 6; ++k)
    for (int n = 0; n < s.nmax; ++n) {
      V of_degree[most_degrees];
      products(s, n, (const V *)c, (const V *)dc + k * component, of_degree);
      add(s, of_degree, 2.0, 6, (V *)dB + static_cast<long>(n) * (s.lmax + 1) * 6 + k);
    }
}

void adjoint(const Series &s, const double *c, const double *theta, double *A) {
  for (int n = 0; n < s.nmax; ++n) {
    const V *of_n = (const V *)theta + static_cast<long>(n) * (s.lmax + 1);
    for (int k = 0; k <= s.lmax; ++k) {
      V sum{};
      for (int l = k; l <= s.lmax; l += 2)
        sum += s.chebyshev[l * (s.lmax + 1) + k] * of_n[l];
      sum = 2.0 * sum;
      for (int m = k * k; m < (k + 1) * (k + 1); ++m)
        ((V *)A)[static_cast<long>(m) * s.nmax + n] += sum * ((const V *)c)[static_cast<long>(m) * s.nmax + n];
    }
  }
}

const Entry kernels = {values, strains, adjoint};

} // namespace

const Entry *entry(With<Isa::DBAR_ISA>) {
  return &kernels;
}

} // namespace dbar::afs
