#include "kernels/afs/radial.h"

#include "kernels/density/gauss_legendre.h"
#include "kernels/pi.h"

#include <cmath>

namespace dbar::afs {

namespace {

using Real = long double;

// sqrt(2k+7) y^3 P_k^(0,6)(2y - 1) for k < n and their derivatives by y: out[3][n].
void jacobi(int n, Real y, Real *out) {
  const Real x = 2 * y - 1;
  Real p[3] = {1, 0, 0}, below[3] = {0, 0, 0}; // P_k, P_k', P_k'' by x
  for (int k = 0; k < n; ++k) {
    const Real norm = std::sqrt(2.0L * k + 7.0L), d1 = 2 * p[1], d2 = 4 * p[2]; // by y
    out[k] = norm * y * y * y * p[0];
    out[n + k] = norm * y * y * (3 * p[0] + y * d1);
    out[2 * n + k] = norm * y * (6 * p[0] + 6 * y * d1 + y * y * d2);
    // (DLMF 18.9.2) with alpha = 0, beta = 6
    const Real c = 2 * k + 6, a = (c + 1) * (c + 2) / (2 * (k + 1) * (k + 7.0L));
    const Real b = k == 0 ? -3.0L : -36.0L * (c + 1) / (2 * (k + 1) * (k + 7.0L) * c);
    const Real e = k == 0 ? 0.0L : k * (k + 6.0L) * (c + 2) / ((k + 1) * (k + 7.0L) * c);
    const Real next[3] = {(a * x + b) * p[0] - e * below[0], a * p[0] + (a * x + b) * p[1] - e * below[1],
                          2 * a * p[1] + (a * x + b) * p[2] - e * below[2]};
    for (int q = 0; q < 3; ++q) {
      below[q] = p[q];
      p[q] = next[q];
    }
  }
}

// T_ak = int phi_a g_k dy on [0, 1]: with P_k = sum of powers of y these are integrals of powers, but with terms of
// either sign; Gauss-Legendre quadrature is exact here and has positive weights.
std::vector<Real> triangle(int n) {
  std::vector<Real> t(n * n, 0), g(3 * n);
  for (const density::Node &node : density::gauss_legendre(n + 6)) {
    const Real y = 0.5L * (node.x + 1), weight = 0.5L * node.weight;
    jacobi(n, y, g.data());
    for (int a = 1; a <= n; ++a)
      for (int k = 0; k < a; ++k)
        t[(a - 1) * n + k] += weight * std::sqrt(2.0L * a + 5.0L) * std::pow(y, a + 2) * g[k];
  }
  return t;
}

// The orthogonal factor of a square matrix: U V^T of its singular value decomposition, by rotations of its columns
// (Golub, Van Loan, Matrix Computations, 8.6.3), which keep small singular values.
std::vector<Real> orthogonal_factor(int n, std::vector<Real> u) {
  std::vector<Real> v(n * n, 0);
  for (int i = 0; i < n; ++i)
    v[i * n + i] = 1;
  bool rotated = true;
  for (int sweep = 0; sweep < 100 && rotated; ++sweep) {
    rotated = false;
    for (int p = 0; p < n; ++p)
      for (int q = p + 1; q < n; ++q) {
        Real pp = 0, qq = 0, pq = 0;
        for (int i = 0; i < n; ++i) {
          pp += u[i * n + p] * u[i * n + p];
          qq += u[i * n + q] * u[i * n + q];
          pq += u[i * n + p] * u[i * n + q];
        }
        if (std::abs(pq) <= 1e-19L * std::sqrt(pp * qq))
          continue;
        rotated = true;
        const Real tau = (qq - pp) / (2 * pq);
        const Real t = (tau < 0 ? -1 : 1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
        const Real c = 1 / std::sqrt(1 + t * t), s = t * c;
        for (auto *each : {&u, &v})
          for (int i = 0; i < n; ++i) {
            Real &a = (*each)[i * n + p], &b = (*each)[i * n + q];
            const Real old = a;
            a = c * old - s * b;
            b = s * old + c * b;
          }
      }
  }
  std::vector<Real> product(n * n, 0);
  for (int k = 0; k < n; ++k) {
    Real length = 0;
    for (int i = 0; i < n; ++i)
      length += u[i * n + k] * u[i * n + k];
    length = std::sqrt(length);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        product[i * n + j] += u[i * n + k] / length * v[j * n + k];
  }
  return product;
}

} // namespace

RadialFunctions::RadialFunctions(int nmax, double rcut, bool loewdin, bool switching, bool squared)
    : nmax_(nmax), rcut_(rcut), switching_(switching), squared_(squared) {
  if (loewdin)
    mix_ = orthogonal_factor(nmax, triangle(nmax));
}

void RadialFunctions::evaluate(int, double r, double *out) const {
  const int n = nmax_;
  const Real y = 1 - r / static_cast<Real>(rcut_), slope = -1 / static_cast<Real>(rcut_); // dy/dr
  std::vector<Real> g(3 * n), f(3 * n, 0);
  jacobi(n, y, g.data());
  for (int q = 0; q < 3; ++q)
    for (int k = 0; k < n; ++k) {
      if (mix_.empty()) {
        f[q * n + k] = g[q * n + k];
        continue;
      }
      for (int j = 0; j < n; ++j)
        f[q * n + k] += mix_[k * n + j] * g[q * n + j];
    }
  // by r, and normalised in dr
  Real scale = 1 / std::sqrt(static_cast<Real>(rcut_));
  for (int q = 0; q < 3; ++q, scale *= slope)
    for (int k = 0; k < n; ++k)
      f[q * n + k] *= scale;
  const auto times = [&](int k, Real a, Real b, Real c) { // the product with another function
    const Real value = f[k], first = f[n + k], second = f[2 * n + k];
    f[k] = value * a;
    f[n + k] = first * a + value * b;
    f[2 * n + k] = second * a + 2 * first * b + value * c;
  };
  const Real angle = long_pi * r / rcut_, turn = long_pi / rcut_;
  for (int k = 0; k < n; ++k) {
    if (switching_)
      times(k, 0.5L * (1 + std::cos(angle)), -0.5L * turn * std::sin(angle), -0.5L * turn * turn * std::cos(angle));
    if (squared_)
      times(k, f[k], f[n + k], f[2 * n + k]);
  }
  for (int k = 0; k < 3 * n; ++k)
    out[k] = static_cast<double>(f[k]);
}

} // namespace dbar::afs
