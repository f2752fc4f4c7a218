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

#include <vector>

namespace dbar::density {

class Basis {
public:
  Basis(int nmax, double rcut, double sigma);

  // f = I_nl(r) / r^l, an even and analytic function of r, and its first and second derivative with
  // respect to rsq = r^2: out[0 .. nmax-1] values, then first, then second derivatives.
  void evaluate(int l, double rsq, double *out) const;

private:
  int nmax_;
  long double c_;                // of the density
  std::vector<long double> d_;   // [nmax] of the primitives
  std::vector<long double> mix_; // [nmax][nmax] normalisation and S^-1/2
};

// exp(-z) 1F1(a, b, z) for z >= 0, b > 0.
long double scaled_kummer(long double a, long double b, long double z);

} // namespace dbar::density
