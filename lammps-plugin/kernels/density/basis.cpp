#include "kernels/density/basis.h"

#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

namespace {

// Replaces the symmetric positive matrix x[n][n] by x^-1/2, with cyclic Jacobi rotations (Golub, Van
// Loan, Matrix Computations, 8.5).
void inverse_root(int n, std::vector<long double> &x) {
  std::vector<long double> v(n * n, 0.0L);
  for (int i = 0; i < n; ++i)
    v[i * n + i] = 1.0L;
  for (int sweep = 0; sweep < 50; ++sweep)
    for (int p = 0; p < n; ++p)
      for (int q = p + 1; q < n; ++q) {
        if (x[p * n + q] == 0.0L)
          continue;
        const long double tau = (x[q * n + q] - x[p * n + p]) / (2.0L * x[p * n + q]);
        const long double t = (tau < 0.0L ? -1.0L : 1.0L) / (std::abs(tau) + std::sqrt(1.0L + tau * tau));
        const long double c = 1.0L / std::sqrt(1.0L + t * t), s = t * c;
        const auto rotate = [&](long double &a, long double &b) {
          const long double old = a;
          a = c * old - s * b;
          b = s * old + c * b;
        };
        for (int k = 0; k < n; ++k)
          rotate(x[k * n + p], x[k * n + q]);
        for (int k = 0; k < n; ++k)
          rotate(x[p * n + k], x[q * n + k]);
        for (int k = 0; k < n; ++k)
          rotate(v[k * n + p], v[k * n + q]);
        x[p * n + q] = x[q * n + p] = 0.0L;
      }
  std::vector<long double> root(n);
  for (int k = 0; k < n; ++k)
    root[k] = 1.0L / std::sqrt(x[k * n + k]);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      long double sum = 0.0L;
      for (int k = 0; k < n; ++k)
        sum += v[i * n + k] * root[k] * v[j * n + k];
      x[i * n + j] = sum;
    }
}

} // namespace

long double scaled_kummer(long double a, long double b, long double z) {
  long double term = 1.0L, sum = 1.0L;
  if (z < 100.0L) { // the power series; all terms are positive
    for (int k = 0; term > 1e-21L * sum; ++k) {
      term *= (a + k) / (b + k) * z / (k + 1);
      sum += term;
    }
    return std::exp(-z) * sum;
  }
  // Abramowitz, Stegun, 13.5.1, up to the smallest term, which is of order e^-z.
  for (int k = 0; k < 200; ++k) {
    const long double next = term * (b - a + k) * (1.0L - a + k) / ((k + 1) * z);
    if (next == 0.0L || (k > a && std::abs(next) >= std::abs(term)))
      break;
    term = next;
    sum += term;
    if (std::abs(term) < 1e-21L * std::abs(sum))
      break;
  }
  return std::exp(std::lgamma(b) - std::lgamma(a) + (a - b) * std::log(z)) * sum;
}

Basis::Basis(int nmax, int lmax, double rcut, double sigma)
    : nmax_(nmax), lmax_(lmax), sigma_(sigma), c_(0.5L / (static_cast<long double>(sigma) * sigma)), d_(nmax),
      mix_(nmax * nmax) {
  std::vector<long double> norm(nmax);
  for (int n = 0; n < nmax; ++n) {
    const long double width = rcut * std::sqrt(static_cast<long double>(std::max(n, 1))) / nmax;
    d_[n] = 0.5L / (width * width);
    norm[n] = std::sqrt(2.0L * std::pow(2.0L * d_[n], n + 1.5L) / std::tgamma(n + 1.5L));
  }
  for (int n = 0; n < nmax; ++n)
    for (int k = 0; k < nmax; ++k) {
      const long double a = 0.5L * (n + k + 3);
      mix_[n * nmax + k] = 0.5L * norm[n] * norm[k] * std::tgamma(a) * std::pow(d_[n] + d_[k], -a);
    }
  inverse_root(nmax, mix_);
  for (int n = 0; n < nmax; ++n)
    for (int k = 0; k < nmax; ++k)
      mix_[n * nmax + k] *= norm[k];
}

void Basis::evaluate(int l, double u, double *out) const {
  const long double rsq = (static_cast<long double>(u) - sigma_) * (static_cast<long double>(u) + sigma_);
  std::vector<long double> sum(3 * nmax_, 0.0L);
  const long double b = l + 1.5L;
  for (int n = 0; n < nmax_; ++n) {
    // e^{-c s} 1F1(a, b, q s) = e^{-p s} h(q s) with h(z) = e^-z 1F1(a, b, z), whose derivatives are
    // h' = -(b-a)/b e^-z 1F1(a, b+1, z) and so on: no difference of large numbers.
    const long double a = 0.5L * (n + l + 3), q = c_ * c_ / (c_ + d_[n]), p = c_ * d_[n] / (c_ + d_[n]);
    const long double z = q * rsq, first = -(b - a) / b * q;
    const long double h = scaled_kummer(a, b, z), h1 = first * scaled_kummer(a, b + 1.0L, z);
    const long double h2 = -first * (b - a + 1.0L) / (b + 1.0L) * q * scaled_kummer(a, b + 2.0L, z);
    const long double factor = std::pow(2.0L * long_pi * c_, 0.75L) * std::pow(c_, l) * std::exp(-p * rsq) *
                               std::tgamma(a) / std::tgamma(b) * std::pow(c_ + d_[n], -a);
    const long double value[3] = {factor * h, factor * (h1 - p * h), factor * (h2 - 2.0L * p * h1 + p * p * h)};
    for (int order = 0; order < 3; ++order)
      for (int k = 0; k < nmax_; ++k)
        sum[order * nmax_ + k] += mix_[k * nmax_ + n] * value[order];
  }
  for (int k = 0; k < nmax_; ++k) { // d(r^2)/du = 2u
    const long double first = sum[nmax_ + k], second = sum[2 * nmax_ + k];
    out[k] = static_cast<double>(sum[k]);
    out[nmax_ + k] = static_cast<double>(2.0L * u * first);
    out[2 * nmax_ + k] = static_cast<double>(4.0L * u * u * second + 2.0L * first);
  }
}

} // namespace dbar::density
