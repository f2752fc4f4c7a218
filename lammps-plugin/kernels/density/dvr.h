// Values of the density on shells: Gauss-Legendre points x_n with weights w_n on [0, rcut + 3 sigma] as a discrete
// variable representation. The coefficient of a Gaussian of norm int g^2 = 1 at r is sqrt(w_n) x_n times its projection
// on Y_lm at |x| = x_n, I_nl = (pi sigma^2)^(-3/4) 4 pi sqrt(w_n) x_n exp(-(x_n - r)^2 / 2 sigma^2) [exp(-z) i_l(z)], z
// = x_n r / sigma^2, with the modified spherical Bessel function i_l (A. Goscinski et al., J. Chem. Phys. 155, 104106
// (2021), section II). Orthonormal at any number of functions.
#pragma once

#include "kernels/density/radial.h"

#include <vector>

namespace dbar::density {

class Dvr : public RadialFunctions {
public:
  Dvr(int nmax, int lmax, double rcut, double sigma);

  int count() const override { return static_cast<int>(point_.size()); }
  int degrees() const override { return lmax_ + 1; }
  double shift() const override { return sigma_; }
  void evaluate(int l, double u, double *out) const override;

private:
  int lmax_;
  double sigma_;
  std::vector<long double> point_, factor_; // x_n; what does not depend on r and l
};

} // namespace dbar::density
