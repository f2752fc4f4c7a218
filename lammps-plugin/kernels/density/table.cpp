#include "kernels/density/table.h"

#include "kernels/density/basis.h"
#include "kernels/pi.h"
#include "kernels/words.h"

#include <algorithm>

namespace dbar::density {

namespace {

constexpr int most_intervals = 20000;

// Weights of value, slope and curvature at the left and the right end, and their derivatives by t.
struct Weights {
  double value[6], slope[6];
};

Weights weights(double t) {
  const double t2 = t * t, t3 = t2 * t, t4 = t2 * t2, t5 = t4 * t;
  const double right = 10.0 * t3 - 15.0 * t4 + 6.0 * t5, slope = 30.0 * (t2 - 2.0 * t3 + t4);
  return {{1.0 - right, t - 6.0 * t3 + 8.0 * t4 - 3.0 * t5, 0.5 * (t2 - 3.0 * t3 + 3.0 * t4 - t5), right,
           -4.0 * t3 + 7.0 * t4 - 3.0 * t5, 0.5 * (t3 - 2.0 * t4 + t5)},
          {-slope, 1.0 - 18.0 * t2 + 32.0 * t3 - 15.0 * t4, t - 4.5 * t2 + 6.0 * t3 - 2.5 * t4, slope,
           -12.0 * t2 + 28.0 * t3 - 15.0 * t4, 1.5 * t2 - 4.0 * t3 + 2.5 * t4}};
}

void combine(int n, const double *w, const double *knot, double *out) {
  for (int k = 0; k < n; ++k)
    out[k] = w[0] * knot[k] + w[1] * knot[n + k] + w[2] * knot[2 * n + k] + w[3] * knot[3 * n + k] +
             w[4] * knot[4 * n + k] + w[5] * knot[5 * n + k];
}

} // namespace

Table::Table(const Radial &s, const std::string &family)
    : rcut_(s.rcut), width_(s.width), sigma_(s.sigma), lmax_(s.lmax), nmax_(s.nmax), stride_((s.nmax + 3) / 4 * 4),
      size_((s.lmax + 1) * stride_) {
  int intervals = static_cast<int>(std::ceil(4.0 * s.rcut / s.sigma));
  for (fill(s, intervals); !good(s); fill(s, intervals)) {
    intervals += intervals / 2;
    if (intervals > most_intervals)
      throw BadSetting(family + " accuracy: found " + number_text(s.accuracy) + ", expected what " +
                       std::to_string(most_intervals) + " intervals can reach");
  }
}

void Table::fill(const Radial &s, int intervals) {
  const Basis basis(s.nmax, s.rcut, s.sigma);
  intervals_ = intervals;
  spacing_ = (std::sqrt(rcut_ * rcut_ + sigma_ * sigma_) - sigma_) / intervals;
  values_.assign(static_cast<std::size_t>(intervals + 1) * 3 * size_, 0.0);
  std::vector<double> exact(3 * nmax_);
  for (int i = 0; i <= intervals; ++i)
    for (int l = 0; l <= lmax_; ++l) {
      const double x = i * spacing_, u = sigma_ + x; // r^2 = u^2 - sigma^2
      basis.evaluate(l, x * (x + 2.0 * sigma_), exact.data());
      double *f = &values_[static_cast<std::size_t>(i) * 3 * size_ + l * stride_];
      for (int n = 0; n < nmax_; ++n) {
        const double first = exact[nmax_ + n], second = exact[2 * nmax_ + n];
        f[n] = exact[n];
        f[size_ + n] = spacing_ * 2.0 * u * first;
        f[2 * size_ + n] = spacing_ * spacing_ * (4.0 * u * u * second + 2.0 * first);
      }
    }
}

bool Table::good(const Radial &s) const {
  const Basis basis(s.nmax, s.rcut, s.sigma);
  const Weights w = weights(0.5);
  std::vector<double> exact(3 * nmax_), value(size_), slope(size_);
  std::vector<double> error(2 * size_, 0.0), largest(2 * size_, 0.0);
  for (int i = 0; i < intervals_; ++i) {
    const double x = (i + 0.5) * spacing_, u = sigma_ + x, rsq = x * (x + 2.0 * sigma_);
    combine(size_, w.value, &values_[static_cast<std::size_t>(i) * 3 * size_], value.data());
    combine(size_, w.slope, &values_[static_cast<std::size_t>(i) * 3 * size_], slope.data());
    for (int l = 0; l <= lmax_; ++l) {
      basis.evaluate(l, rsq, exact.data());
      const double power = std::pow(rsq, 0.5 * l); // errors count as they show in c_nlm
      for (int n = 0; n < nmax_; ++n) {
        const int k = l * stride_ + n;
        const double found[2] = {value[k], slope[k]}, right[2] = {exact[n], spacing_ * 2.0 * u * exact[nmax_ + n]};
        for (int order = 0; order < 2; ++order) {
          double &e = error[order * size_ + k], &most = largest[order * size_ + k];
          e = std::max(e, power * std::abs(found[order] - right[order]));
          most = std::max(most, power * std::abs(right[order]));
        }
      }
    }
  }
  for (int k = 0; k < 2 * size_; ++k)
    if (error[k] > s.accuracy * largest[k])
      return false;
  return true;
}

int Table::locate(double u, double *t) const {
  const double x = (u - sigma_) / spacing_;
  const int i = std::min(std::max(static_cast<int>(x), 0), intervals_ - 1);
  *t = x - i;
  return i;
}

void Table::evaluate(double rsq, double *value, double *slope) const {
  const double u = std::sqrt(rsq + sigma_ * sigma_);
  double t;
  const double *knot = &values_[static_cast<std::size_t>(locate(u, &t)) * 3 * size_];
  Weights w = weights(t);
  // The cutoff is not tabulated: its curvature jumps where it begins.
  double fc = 1.0, dfc = 0.0; // dfc = 2 d(fc)/d(r^2)
  const double r = std::sqrt(rsq);
  if (r > rcut_ - width_) {
    const double x = pi * (r - rcut_ + width_) / width_;
    fc = 0.5 * (1.0 + std::cos(x));
    dfc = -0.5 * pi / width_ * std::sin(x) / r;
  }
  if (slope) {
    const double scale = fc / (spacing_ * u); // du/d(r^2) = 1 / 2u
    for (int k = 0; k < 6; ++k)
      w.slope[k] = scale * w.slope[k] + dfc * w.value[k];
    combine(size_, w.slope, knot, slope);
  }
  for (double &each : w.value)
    each *= fc;
  combine(size_, w.value, knot, value);
}

} // namespace dbar::density
