#include "kernels/density/spline_table.h"

#include "kernels/words.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

namespace {

constexpr int most_intervals = 20000;

// At the middle of an interval, from value, slope and curvature at its ends: value and slope.
constexpr double middle[6] = {0.5, 5.0 / 32.0, 1.0 / 64.0, 0.5, -5.0 / 32.0, 1.0 / 64.0};
constexpr double middle_slope[6] = {-15.0 / 8.0, -7.0 / 16.0, -1.0 / 32.0, 15.0 / 8.0, -7.0 / 16.0, 1.0 / 32.0};

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
  made_.assign(static_cast<std::size_t>(intervals + 1) * 3 * padded_, 0.0);
  std::vector<double> exact(3 * count);
  for (int i = 0; i <= intervals; ++i)
    for (int l = 0; l < functions.degrees(); ++l) {
      functions.evaluate(l, shift + i * spacing_, exact.data());
      double *f = &made_[static_cast<std::size_t>(i) * 3 * padded_ + l * count];
      for (int n = 0; n < count; ++n) {
        f[n] = exact[n];
        f[padded_ + n] = spacing_ * exact[count + n];
        f[2 * padded_ + n] = spacing_ * spacing_ * exact[2 * count + n];
      }
    }
}

bool SplineTable::good(const RadialFunctions &functions, double accuracy) const {
  const double shift = functions.shift();
  const int count = functions.count(), all = functions.degrees() * count;
  std::vector<double> exact(3 * count), error(2 * all, 0.0), largest(2 * all, 0.0);
  for (int i = 0; i < intervals_; ++i) {
    const double x = (i + 0.5) * spacing_, u = shift + x;
    const double *knot = &made_[static_cast<std::size_t>(i) * 3 * padded_];
    for (int l = 0; l < functions.degrees(); ++l) {
      functions.evaluate(l, u, exact.data());
      const double power = std::pow(x * (x + 2.0 * shift), 0.5 * l); // errors count as they show in c_nlm
      for (int n = 0; n < count; ++n) {
        const int k = l * count + n;
        double found[2] = {};
        for (int q = 0; q < 6; ++q) {
          found[0] += middle[q] * knot[q * padded_ + k];
          found[1] += middle_slope[q] * knot[q * padded_ + k];
        }
        const double right[2] = {exact[n], spacing_ * exact[count + n]};
        for (int order = 0; order < 2; ++order) {
          double &e = error[order * all + k], &most = largest[order * all + k];
          e = std::max(e, power * std::abs(found[order] - right[order]));
          most = std::max(most, power * std::abs(right[order]));
        }
      }
    }
  }
  for (int k = 0; k < 2 * all; ++k)
    if (error[k] > accuracy * largest[k])
      return false;
  return true;
}

} // namespace dbar::density
