// Averages of one pair of elements over Gaussian packets, by bicubic interpolation.
#pragma once

#include "kernels/gpp/curve.h"
#include "kernels/gpp/lanes/plan.h"
#include "kernels/gpp/smoothing.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace dbar::gpp {

// Of a pair at the distance R of its means with the sum S of its variances.
enum Average {
  energy,  // V: mean of the pair potential
  density, // phi: mean of the density that the neighbour makes
  spread,  // w: <phi^2> less the square of the mean
  slope,   // g: d phi / dR, a function of its own, so that what is made of it has continuous derivatives
  averages,
};
static_assert(averages == functions);
using Averages = double[averages];

class PacketTable {
public:
  PacketTable(const PacketTable &) = delete; // it points to its own nodes
  // For variances whose sum is at most `most`.
  PacketTable(const Curve &pair, Kind pair_kind, const Curve &phi, double most);

  double cutoff() const { return cutoff_; }
  double reach(double S) const { return cutoff_ + reach_in_sigma * std::sqrt(S); }
  // Whether a pair is near enough to count: farther away less than 1e-9 of a packet is within the cutoff.
  bool sees(double R, double S) const {
    const double beyond = R - cutoff_;
    return beyond < 0.0 || beyond * beyond < reach_squared * S;
  }
  // At n places that are seen, 0 < R, 0 <= S <= most. fR and fS may be null, fR alone may not be wanted.
  void averages_at(int n, const double *R, const double *S, Averages *f, Averages *fR, Averages *fS) const;
  double memory_usage() const { return static_cast<double>(nodes_.capacity() * sizeof(double)); }

  static constexpr double reach_in_sigma = 6.0;

private:
  static constexpr double reach_squared = reach_in_sigma * reach_in_sigma;

  double *node(std::size_t row, std::size_t i) { return &nodes_[(row * grid_.count + i) * of_node * functions]; }
  void fill_first();
  void fill(std::size_t row, const SmoothRow &h, const SmoothRow &phi, const SmoothRow &square);

  const Curve &pair_, &phi_;
  Kind pair_kind_;
  double cutoff_, root_step_;
  Grid grid_;
  std::vector<double> nodes_; // [row][distance][of_node][averages]; the energy times R
  Bicubic bicubic_;
  Interpolate interpolate_;
};

} // namespace dbar::gpp
