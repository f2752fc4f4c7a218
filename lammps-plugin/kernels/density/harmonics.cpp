#include "kernels/density/harmonics.h"

#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

Harmonics::Harmonics(int lmax)
    : lmax_(lmax), norm_(triangle(lmax + 1, 0)), legendre_(lanes * triangle(lmax + 1, 0)), cosine_(lanes * (lmax + 1)),
      sine_(lanes * (lmax + 1)), value_(lanes * size()), gradient_(3 * lanes * size()) {
  for (int l = 0; l <= lmax; ++l) {
    double ratio = 1.0; // (l-m)! / (l+m)!
    for (int m = 0; m <= l; ++m) {
      if (m > 0)
        ratio /= (l - m + 1.0) * (l + m);
      norm_[triangle(l, m)] = std::sqrt((m > 0 ? 2.0 : 1.0) * (2 * l + 1) / (4.0 * pi) * ratio);
    }
  }
}

std::size_t Harmonics::memory_usage() const {
  return sizeof(double) *
         (norm_.size() + legendre_.size() + cosine_.size() + sine_.size() + value_.size() + gradient_.size());
}

void Harmonics::azimuth(const Lanes *r) {
  std::fill_n(&cosine_[0], lanes, 1.0);
  std::fill_n(&sine_[0], lanes, 0.0);
  for (int m = 1; m <= lmax_; ++m) {
    const double *c = &cosine_[lanes * (m - 1)], *s = &sine_[lanes * (m - 1)];
    double *cnext = &cosine_[lanes * m], *snext = &sine_[lanes * m];
    for (int p = 0; p < lanes; ++p) {
      cnext[p] = r[0][p] * c[p] - r[1][p] * s[p];
      snext[p] = r[0][p] * s[p] + r[1][p] * c[p];
    }
  }
}

// Q_m^m = (2m-1)!!, Q_l^m = ((2l-1) z Q_(l-1)^m - (l+m-1) r^2 Q_(l-2)^m) / (l-m).
void Harmonics::polynomials(const Lanes *r) {
  Lanes rsq;
  for (int p = 0; p < lanes; ++p)
    rsq[p] = r[0][p] * r[0][p] + r[1][p] * r[1][p] + r[2][p] * r[2][p];
  double odd = 1.0;
  for (int m = 0; m <= lmax_; ++m) {
    std::fill_n(legendre(m, m), lanes, odd);
    odd *= 2 * m + 1;
    for (int l = m + 1; l <= lmax_; ++l) {
      const double f = (2.0 * l - 1.0) / (l - m), g = l > m + 1 ? (l + m - 1.0) / (l - m) : 0.0;
      const double *one = legendre(l - 1, m), *two = legendre(std::max(l - 2, m), m);
      double *q = legendre(l, m);
      for (int p = 0; p < lanes; ++p)
        q[p] = f * r[2][p] * one[p] - g * rsq[p] * two[p];
    }
  }
}

// dQ_l^m/dz = (l+m) Q_(l-1)^m, dQ_l^m/dx = -x Q_(l-1)^(m+1), the same with y.
void Harmonics::derive(const Lanes *r, int l, int m) {
  static const Lanes none = {};
  const double norm = norm_[triangle(l, m)];
  const double *q = legendre(l, m), *c = &cosine_[lanes * m], *s = &sine_[lanes * m];
  const double *below = m < l ? legendre(l - 1, m) : none, *beside = m + 1 < l ? legendre(l - 1, m + 1) : none;
  const double *cbefore = m > 0 ? c - lanes : none, *sbefore = m > 0 ? s - lanes : none;
  double *dx = &gradient_[lanes * (l * l + l + m)], *dy = dx + lanes * size(), *dz = dy + lanes * size();
  for (int p = 0; p < lanes; ++p) {
    dx[p] = norm * (m * q[p] * cbefore[p] - r[0][p] * beside[p] * c[p]);
    dy[p] = -norm * (m * q[p] * sbefore[p] + r[1][p] * beside[p] * c[p]);
    dz[p] = norm * (l + m) * below[p] * c[p];
  }
  if (m == 0)
    return;
  dx -= 2 * m * lanes;
  dy -= 2 * m * lanes;
  dz -= 2 * m * lanes;
  for (int p = 0; p < lanes; ++p) {
    dx[p] = norm * (m * q[p] * sbefore[p] - r[0][p] * beside[p] * s[p]);
    dy[p] = norm * (m * q[p] * cbefore[p] - r[1][p] * beside[p] * s[p]);
    dz[p] = norm * (l + m) * below[p] * s[p];
  }
}

void Harmonics::evaluate(const Lanes *r, bool gradients) {
  azimuth(r);
  polynomials(r);
  for (int l = 0; l <= lmax_; ++l)
    for (int m = 0; m <= l; ++m) {
      const double norm = norm_[triangle(l, m)];
      const double *q = legendre(l, m), *c = &cosine_[lanes * m], *s = &sine_[lanes * m];
      double *positive = &value_[lanes * (l * l + l + m)], *negative = &value_[lanes * (l * l + l - m)];
      for (int p = 0; m > 0 && p < lanes; ++p)
        negative[p] = norm * q[p] * s[p];
      for (int p = 0; p < lanes; ++p)
        positive[p] = norm * q[p] * c[p];
      if (gradients)
        derive(r, l, m);
    }
}

} // namespace dbar::density
