#include "kernels/density/dvr.h"

#include "kernels/density/basis.h"
#include "kernels/density/gauss_legendre.h"
#include "kernels/pi.h"

#include <cmath>

namespace dbar::density {

Dvr::Dvr(int nmax, int lmax, double rcut, double sigma) : lmax_(lmax), sigma_(sigma) {
  const long double end = rcut + 3.0L * sigma;
  for (const Node &node : gauss_legendre(nmax)) {
    const long double x = 0.5L * end * (node.x + 1.0L), w = 0.5L * end * node.weight;
    point_.push_back(x);
    factor_.push_back(4.0L * long_pi * std::pow(long_pi * sigma * sigma, -0.75L) * std::sqrt(w) * x);
  }
}

// With g_l(z) = i_l(z) / z^l, whose derivative is z g_(l+1), I_nl / r^l = N (x / sigma^2)^l f_l and
// f_l = exp(-(x^2 + r^2) / 2 sigma^2) g_l, whose derivative by r^2 is (k f_(l+1) - f_l / sigma^2) / 2, k = x^2 /
// sigma^4.
void Dvr::evaluate(int l, double u, double *out) const {
  const long double variance = static_cast<long double>(sigma_) * sigma_;
  const long double rsq = (static_cast<long double>(u) - sigma_) * (static_cast<long double>(u) + sigma_);
  const long double r = std::sqrt(std::max(rsq, 0.0L));
  const int n = count();
  for (int k = 0; k < n; ++k) {
    const long double x = point_[k], z = x * r / variance, kappa = x * x / (variance * variance);
    const long double near = std::exp(-0.5L * (x - r) * (x - r) / variance);
    long double f[3], odd = 1.0L; // of l, l + 1, l + 2; (2l+1)!!
    for (int i = 1; i <= l; ++i)
      odd *= 2 * i + 1;
    for (int i = 0; i < 3; ++i) { // exp(-z) g_l(z) = exp(-2z) 1F1(l+1, 2l+2, 2z) / (2l+1)!!
      f[i] = near * scaled_kummer(l + i + 1.0L, 2.0L * (l + i) + 2.0L, 2.0L * z) / odd;
      odd *= 2 * (l + i) + 3;
    }
    const auto slope = [&](long double here, long double above) { return 0.5L * (kappa * above - here / variance); };
    const long double first = slope(f[0], f[1]), second = slope(first, slope(f[1], f[2]));
    const long double scale = factor_[k] * std::pow(x / variance, l);
    out[k] = static_cast<double>(scale * f[0]); // d(r^2)/du = 2u
    out[n + k] = static_cast<double>(scale * 2.0L * u * first);
    out[2 * n + k] = static_cast<double>(scale * (4.0L * u * u * second + 2.0L * first));
  }
}

} // namespace dbar::density
