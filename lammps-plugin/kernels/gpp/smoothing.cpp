#include "kernels/gpp/smoothing.h"

#include "kernels/pi.h"

#include <algorithm>

namespace dbar::gpp {

namespace {

constexpr double window = 8.5; // standard deviations; beyond them a Gaussian is below 1e-16

// Weights of Gauss and Legendre on [-1, 1], for polynomials up to degree 15.
constexpr int points = 8;
constexpr double node_of[points / 2] = {0.1834346424956498049395, 0.5255324099163289858177, 0.7966664774136267395916,
                                        0.9602898564975362316836};
constexpr double weight_of[points / 2] = {0.3626837833783619829652, 0.3137066458778872873380, 0.2223810344533744705444,
                                          0.1012285362903762591525};

struct Sample {
  double x, value; // of h times the weight of the quadrature
};

// On (0, cutoff), no panel wider than `width`, none across a place where the polynomial changes.
std::vector<Sample> samples_of(const Curve &curve, Kind kind, double width) {
  std::vector<Sample> all;
  const double piece = curve.piece(), cutoff = curve.cutoff();
  const int parts = static_cast<int>(std::ceil(std::min(piece, cutoff) / width));
  for (double begin = 0.0, number = 0.0; begin < cutoff; begin = ++number * piece) {
    const double end = std::min(begin + piece, cutoff), half = 0.5 * (end - begin) / parts;
    for (int part = 0; part < parts; ++part)
      for (int k = 0; k < points; ++k) {
        const int n = k < points / 2 ? points / 2 - 1 - k : k - points / 2;
        const double x = begin + half * (2 * part + 1 + (k < points / 2 ? -node_of[n] : node_of[n]));
        all.push_back({x, half * weight_of[n] * h_of(curve, kind, x).f});
      }
  }
  return all;
}

// The Gaussian of unit variance and what its derivatives by the centre multiply it with.
struct Kernel {
  explicit Kernel(double sigma) : inverse(1.0 / sigma), scale(inverse / std::sqrt(2.0 * pi)) {}
  std::array<double, smooth_derivatives> at(double x) const { // x: place less centre
    const double t = x * inverse, g = scale * std::exp(-0.5 * t * t), i = inverse, i2 = i * i;
    const double t2 = t * t;
    return {g, g * t * i, g * (t2 - 1.0) * i2, g * t * (t2 - 3.0) * i2 * i, g * ((t2 - 6.0) * t2 + 3.0) * i2 * i2};
  }
  double inverse, scale;
};

SmoothRow empty_row(std::size_t count) {
  SmoothRow row;
  for (auto &derivative : row)
    derivative.assign(count, 0.0);
  return row;
}

// By quadrature, where the Gaussian is narrow.
SmoothRow row_of_curve(const Curve &curve, Kind kind, const Grid &grid, double sigma) {
  const std::vector<Sample> samples = samples_of(curve, kind, sigma);
  const Kernel kernel(sigma);
  SmoothRow row = empty_row(grid.count);
  const auto before = [](const Sample &s, double x) { return s.x < x; };
  for (std::size_t i = 0; i < grid.count; ++i) {
    const double R = grid.step * static_cast<double>(i), reach = window * sigma;
    const auto add = [&](double x, double value) {
      const auto g = kernel.at(x - R);
      for (int n = 0; n < smooth_derivatives; ++n)
        row[n][i] += value * g[n];
    };
    auto s = std::lower_bound(samples.begin(), samples.end(), R - reach, before);
    for (; s != samples.end() && s->x < R + reach; ++s)
      add(s->x, s->value);
    for (s = samples.begin(); s != samples.end() && s->x < reach - R; ++s)
      add(-s->x, -s->value); // h is odd
  }
  return row;
}

// Spreads a row further. Sums over every m-th distance are exact to rounding where the row has no waves as short as
// that: it is smooth already.
SmoothRow row_of_row(const std::vector<double> &from, const Grid &grid, double sigma, std::size_t m) {
  const double spacing = grid.step * static_cast<double>(m);
  const Kernel kernel(sigma);
  std::vector<std::array<double, smooth_derivatives>> weights; // of places m, 2 m, ... to the right of the centre
  const auto reach = static_cast<std::ptrdiff_t>(window * sigma / spacing);
  for (std::ptrdiff_t l = -reach; l <= reach; ++l) {
    weights.push_back(kernel.at(static_cast<double>(l) * spacing));
    for (double &w : weights.back())
      w *= spacing;
  }
  SmoothRow row = empty_row(grid.count);
  const auto count = static_cast<std::ptrdiff_t>(grid.count);
  for (std::ptrdiff_t i = 0; i < count; ++i)
    for (std::ptrdiff_t l = -reach; l <= reach; ++l) {
      const std::ptrdiff_t k = i + l * static_cast<std::ptrdiff_t>(m);
      if (k >= count)
        break;
      if (k <= -count)
        continue;
      const double value = k < 0 ? -from[-k] : from[k];
      for (int n = 0; n < smooth_derivatives; ++n)
        row[n][i] += value * weights[l + reach][n];
    }
  return row;
}

} // namespace

Jet h_of(const Curve &curve, Kind kind, double r) {
  const Jet c = curve.at(r);
  if (kind == Kind::radial)
    return c;
  return product({r, 1.0, 0.0, 0.0}, kind == Kind::plain ? c : product(c, c));
}

std::vector<SmoothRow> smooth_rows(const Curve &curve, Kind kind, const Grid &grid) {
  constexpr double waves = 0.45; // distances summed over a standard deviation of the row below: no error above 1e-16
  std::vector<SmoothRow> rows;
  for (std::size_t k = 1; k < grid.root.size(); ++k) {
    const double sigma = grid.root[k];
    std::size_t from = 0; // the row with half of the variance
    while (from + 1 < k && 2.0 * grid.root[from + 1] * grid.root[from + 1] <= sigma * sigma)
      ++from;
    const double below = grid.root[from];
    if (from == 0 || waves * below < grid.step)
      rows.push_back(row_of_curve(curve, kind, grid, sigma));
    else
      rows.push_back(row_of_row(rows[from - 1][0], grid, std::sqrt(sigma * sigma - below * below),
                                static_cast<std::size_t>(waves * below / grid.step)));
  }
  return rows;
}

} // namespace dbar::gpp
