// Averages of a radial function over Gaussian packets, on a grid of distances and of variances.
//
// The mean of f(|x|) over x = R + sqrt(S) z, z normal in three dimensions, is E[h(R + sqrt(S) z)] / R with h(r) = r
// f(|r|) and z normal in one. So h is smoothed as heat spreads: d/dS = 1/2 d2/dR2, and a row of larger S can be made of
// one of smaller S.
#pragma once

#include "kernels/gpp/curve.h"

#include <array>
#include <cstddef>
#include <vector>

namespace dbar::gpp {

// How a curve makes h.
enum class Kind {
  radial,  // the curve is r f already, as files of eam/alloy have pair potentials
  plain,   // the curve is f
  squared, // of the square of the curve
};
Jet h_of(const Curve &curve, Kind kind, double r);

struct Grid {
  double step;              // of distances, from 0
  std::size_t count;        // of distances
  std::vector<double> root; // of the variances, ascending; the first is 0
};

// hbar and its derivatives by R, at each distance of a row.
constexpr int smooth_derivatives = 5;
using SmoothRow = std::array<std::vector<double>, smooth_derivatives>;

// One row for each variance but the first, which is zero: there is nothing to smooth.
std::vector<SmoothRow> smooth_rows(const Curve &curve, Kind kind, const Grid &grid);

} // namespace dbar::gpp
