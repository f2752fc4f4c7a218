// One neighbour: its weight in the density and its rotation on the three-sphere, with derivatives.
#pragma once

#include "kernels/bso4/settings.h"
#include "kernels/pi.h"

#include <cmath>

namespace dbar::bso4 {

struct Complex {
  double re = 0.0, im = 0.0;
};

inline Complex operator+(Complex x, Complex y) {
  return {x.re + y.re, x.im + y.im};
}
inline Complex operator-(Complex x, Complex y) {
  return {x.re - y.re, x.im - y.im};
}
inline Complex operator*(double s, Complex x) {
  return {s * x.re, s * x.im};
}
inline Complex operator*(Complex x, Complex y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}
inline Complex conj(Complex x) {
  return {x.re, -x.im};
}
inline Complex &operator+=(Complex &x, Complex y) {
  return x = x + y;
}
inline double real_product(Complex x, Complex y) {
  return x.re * y.re + x.im * y.im;
}

// The radial part: r -> angle theta and weight f = w fc(r), with their derivatives.
struct Radial {
  double cosine, sine, dtheta; // of theta = rfac0 pi (r - rmin0) / (rcut - rmin0)
  double f, df;
};

inline Radial radial(const Settings &s, double r, double rcut, double weight) {
  const double scale = pi / (rcut - s.rmin0);
  const double x = scale * (r - s.rmin0);
  Radial out;
  out.dtheta = s.rfac0 * scale;
  // Below rmin0 the angle is negative; SNAP then uses the opposite rotation matrix.
  const double sign = x < 0.0 ? -1.0 : 1.0;
  out.cosine = sign * std::cos(s.rfac0 * x);
  out.sine = sign * std::sin(s.rfac0 * x);
  const bool switched = s.switching && x > 0.0;
  out.f = weight * (switched ? 0.5 * (1.0 + std::cos(x)) : 1.0);
  out.df = weight * (switched ? -0.5 * scale * std::sin(x) : 0.0);
  return out;
}

// Cayley-Klein parameters a = cos - i sin n_z, b = sin (n_y - i n_x), n = r / |r|.
struct Rotation {
  Complex a, b, da[3], db[3];
};

inline Rotation rotation(const Radial &q, const double *n, double r) {
  Rotation out;
  out.a = {q.cosine, -q.sine * n[2]};
  out.b = {q.sine * n[1], -q.sine * n[0]};
  const double dcos = -q.sine * q.dtheta, dsin = q.cosine * q.dtheta;
  for (int c = 0; c < 3; ++c) {
    double dsn[3]; // d(sin n_d)/dr_c
    for (int d = 0; d < 3; ++d)
      dsn[d] = dsin * n[c] * n[d] + q.sine * ((c == d ? 1.0 : 0.0) - n[c] * n[d]) / r;
    out.da[c] = {dcos * n[c], -dsn[2]};
    out.db[c] = {dsn[1], -dsn[0]};
  }
  return out;
}

} // namespace dbar::bso4
