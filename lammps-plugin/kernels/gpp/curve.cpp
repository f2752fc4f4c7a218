#include "kernels/gpp/curve.h"

#include <algorithm>

namespace dbar::gpp {

Cubics::Cubics(std::vector<double> values, double step)
    : values_(std::move(values)), slopes_(values_.size()), step_(step) {
  const std::vector<double> &v = values_;
  const std::size_t n = v.size(); // 5 at least, the readers see to it
  slopes_[0] = v[1] - v[0];
  slopes_[1] = 0.5 * (v[2] - v[0]);
  slopes_[n - 2] = 0.5 * (v[n - 1] - v[n - 3]);
  slopes_[n - 1] = v[n - 1] - v[n - 2];
  for (std::size_t k = 2; k + 2 < n; ++k)
    slopes_[k] = ((v[k - 2] - v[k + 2]) + 8.0 * (v[k + 1] - v[k - 1])) / 12.0;
}

Jet Cubics::at(double x) const {
  const double place = x / step_, most = static_cast<double>(values_.size() - 2);
  const double whole = std::clamp(std::floor(place), 0.0, most);
  const auto k = static_cast<std::size_t>(whole);
  const double p = place - whole;
  if (p > 1.0)
    return {values_[k + 1], 0.0, 0.0, 0.0};
  const double rise = values_[k + 1] - values_[k];
  const double c1 = slopes_[k], c2 = 3.0 * rise - 2.0 * c1 - slopes_[k + 1], c3 = c1 + slopes_[k + 1] - 2.0 * rise;
  return {((c3 * p + c2) * p + c1) * p + values_[k], ((3.0 * c3 * p + 2.0 * c2) * p + c1) / step_,
          (6.0 * c3 * p + 2.0 * c2) / (step_ * step_), 6.0 * c3 / (step_ * step_ * step_)};
}

Jet TableEmbedding::at(double rho) const {
  const double last = cubics_.last();
  if (rho <= last)
    return cubics_.at(rho);
  const Jet end = cubics_.at(last);
  return {end.f + end.d1 * (rho - last), end.d1, 0.0, 0.0};
}

Jet Polynomial::inside(double r) const {
  const double x = r - about_;
  Jet y;
  for (std::size_t k = coefficients_.size(); k-- > 0;) {
    y.d3 = y.d3 * x + 3.0 * y.d2;
    y.d2 = y.d2 * x + 2.0 * y.d1;
    y.d1 = y.d1 * x + y.f;
    y.f = y.f * x + coefficients_[k];
  }
  return y;
}

Jet RootEmbedding::at(double rho) const {
  if (!(rho > 0.0))
    return {}; // an atom without neighbours: nothing pulls at it
  const double root = std::sqrt(rho);
  return {-A_ * root, -0.5 * A_ / root, 0.25 * A_ / (rho * root), -0.375 * A_ / (rho * rho * root)};
}

} // namespace dbar::gpp
