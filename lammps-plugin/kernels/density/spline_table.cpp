#include "kernels/density/spline_table.h"

#include "kernels/words.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

namespace {

constexpr int most_intervals = 20000;

// At the middle of an interval, from value, slope and curvature at its ends.
constexpr double middle[6] = {0.5, 5.0 / 32.0, 1.0 / 64.0, 0.5, -5.0 / 32.0, 1.0 / 64.0};
// The error goes like t^3 (1 - t)^3 over an interval: its slope is largest at t = (1 - 1/sqrt 5) / 2 and there
// 64 * 0.12 / sqrt 5 times its value at the middle.
constexpr double steepest = 3.4346;

} // namespace

SplineTable::SplineTable(const RadialFunctions &functions, double rcut, double accuracy, const std::string &family)
    : padded_((functions.degrees() * functions.count() + 7) / 8 * 8) {
  const double resolution = functions.shift() > 0.0 ? functions.shift() : rcut / 8.0;
  int intervals = static_cast<int>(std::ceil(4.0 * rcut / resolution));
  for (fill(functions, rcut, intervals); !good(functions, accuracy); fill(functions, rcut, intervals)) {
    intervals += intervals / 2;
    if (intervals > most_intervals)
      throw BadSetting(family + " accuracy: found " + number_text(accuracy) + ", expected what " +
                       std::to_string(most_intervals) + " intervals can reach");
  }
  knots_ = memory_.take(made_.size());
  std::copy(made_.begin(), made_.end(), knots_);
  made_ = {};
}

void SplineTable::fill(const RadialFunctions &functions, double rcut, int intervals) {
  const double shift = functions.shift();
  const int count = functions.count();
  intervals_ = intervals;
  spacing_ = (std::sqrt(rcut * rcut + shift * shift) - shift) / intervals;
  made_.assign(functions.sets() * of_a_set(), 0.0);
  const int all = functions.sets() * count;
  std::vector<double> exact(3 * all);
  for (int i = 0; i <= intervals; ++i)
    for (int l = 0; l < functions.degrees(); ++l) {
      functions.evaluate(l, shift + i * spacing_, exact.data());
      for (int k = 0; k < all; ++k) {
        double *f = &made_[k / count * of_a_set() + static_cast<std::size_t>(i) * 3 * padded_ + l * count + k % count];
        f[0] = exact[k];
        f[padded_] = spacing_ * exact[all + k];
        f[2 * padded_] = spacing_ * spacing_ * exact[2 * all + k];
      }
    }
}

bool SplineTable::good(const RadialFunctions &functions, double accuracy) {
  const double shift = functions.shift();
  const int count = functions.count(), of_l = functions.sets() * count, all = functions.degrees() * of_l;
  std::vector<double> exact(3 * of_l), error(all, 0.0), largest(all, 0.0), steep(all, 0.0), sum(all, 0.0);
  for (int i = 0; i < intervals_; ++i) {
    const double x = (i + 0.5) * spacing_, u = shift + x;
    for (int l = 0; l < functions.degrees(); ++l) {
      functions.evaluate(l, u, exact.data());
      const double power = std::pow(x * (x + 2.0 * shift), 0.5 * l); // errors count as they show in c_nlm
      for (int n = 0; n < of_l; ++n) {
        const double *knot =
            &made_[n / count * of_a_set() + static_cast<std::size_t>(i) * 3 * padded_ + l * count + n % count];
        const int k = l * of_l + n;
        double found = 0.0;
        for (int q = 0; q < 6; ++q)
          found += middle[q] * knot[q * padded_];
        const double off = power * std::abs(found - exact[n]);
        error[k] = std::max(error[k], off);
        sum[k] += off;
        largest[k] = std::max(largest[k], power * std::abs(exact[n]));
        steep[k] = std::max(steep[k], power * spacing_ * std::abs(exact[of_l + n]));
      }
    }
  }
  for (int k = 0; k < all; ++k)
    if (error[k] > accuracy * largest[k] || steepest * error[k] > accuracy * steep[k])
      return false;
  errors_.knots = intervals_ + 1;
  for (int k = 0; k < all; ++k) {
    const double mean = sum[k] / intervals_, scale = largest[k] > 0.0 ? 1.0 / largest[k] : 0.0;
    errors_.largest = std::max(errors_.largest, error[k]);
    errors_.largest_relative = std::max(errors_.largest_relative, scale * error[k]);
    errors_.mean += mean / all;
    errors_.mean_relative += scale * mean / all;
  }
  return true;
}

} // namespace dbar::density
