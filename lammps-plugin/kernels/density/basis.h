// Radial integrals of a Gaussian density in an orthonormal basis of Gaussian-type orbitals.
//
// Primitives x^n exp(-x^2 / 2 s_n^2), n = 0 ... N-1, s_n = rcut max(sqrt n, 1) / N, normalised to
// int_0^inf x^2 R_n^2 dx = 1 and made orthonormal by S^-1/2 of their overlap matrix S. The density of
// a neighbour at r is g = (pi sigma^2)^-3/4 exp(-|x - r|^2 / 2 sigma^2), so that int g^2 = 1. Then
// int R_n Y_lm g d3x = I_nl(r) Y_lm(r/|r|) and for a primitive, with c = 1/2 sigma^2, d = 1/2 s_n^2,
// I_nl = (2 pi c)^3/4 e^{-c r^2} (c r)^l Gamma(a)/Gamma(b) (c+d)^-a 1F1(a, b, c^2 r^2 / (c+d)),
// a = (n+l+3)/2, b = l+3/2 (F. Musil et al., J. Chem. Phys. 154, 114109 (2021), appendix A, there with
// a density of another norm).
#pragma once

#include "kernels/density/radial.h"

#include <vector>

namespace dbar::density {

// f = I_nl(r) / r^l, an even and analytic function of r. As a function of u = sqrt(r^2 + sigma^2) it is smooth in r^2
// down to r = 0 and like r far out, so that one spacing of knots serves everywhere and nothing is divided by r.
class Basis : public RadialFunctions {
public:
  Basis(int nmax, int lmax, double rcut, double sigma);

  int count() const override { return nmax_; }
  int degrees() const override { return lmax_ + 1; }
  double shift() const override { return sigma_; }
  void evaluate(int l, double u, double *out) const override;

private:
  int nmax_, lmax_;
  double sigma_;
  long double c_;                // of the density
  std::vector<long double> d_;   // [nmax] of the primitives
  std::vector<long double> mix_; // [nmax][nmax] normalisation and S^-1/2
};

// exp(-z) 1F1(a, b, z) for z >= 0, b > 0.
long double scaled_kummer(long double a, long double b, long double z);

} // namespace dbar::density
