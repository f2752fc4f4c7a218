// Functions of the distance of an angular Fourier series: all that vanish like (rcut - r)^3 at the cutoff, up to some
// power, made orthonormal in dr on [0, rcut].
//
// jacobi:  g_n = sqrt((2n+5) / rcut) y^3 P_(n-1)^(0,6)(2y - 1), y = 1 - r / rcut, n = 1 ... nmax
// loewdin: g = S^-1/2 phi, phi_a = sqrt(2a+5) rcut^-(a+5/2) (rcut - r)^(a+2), a = 1 ... nmax, with their overlaps
//          S_ab = sqrt((5+2a)(5+2b)) / (5+a+b)
// (A. P. Bartok, R. Kondor, G. Csanyi, Phys. Rev. B 87, 184115 (2013), section II; C. Lapointe et al., Phys. Rev.
// Materials 4, 063802 (2020)). Both span the same; with phi = T g_jacobi, triangular, loewdin is the orthogonal factor
// of T times jacobi: the square root of a condition number is all that is lost.
#pragma once

#include "kernels/density/radial.h"

#include <vector>

namespace dbar::afs {

class RadialFunctions : public density::RadialFunctions {
public:
  // switching: times (1 + cos(pi r / rcut)) / 2. squared: the squares of these functions.
  RadialFunctions(int nmax, double rcut, bool loewdin, bool switching, bool squared);

  int count() const override { return nmax_; }
  int degrees() const override { return 1; }
  double shift() const override { return 0.0; }
  void evaluate(int l, double r, double *out) const override;

private:
  int nmax_;
  double rcut_;
  bool switching_, squared_;
  std::vector<long double> mix_; // [nmax][nmax] of jacobi; empty: as they are
};

} // namespace dbar::afs
