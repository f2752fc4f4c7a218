// Averages of one pair of elements over Gaussian packets, by bicubic interpolation.
#pragma once

#include "kernels/gpp/curve.h"
#include "kernels/gpp/smoothing.h"

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
using Averages = double[averages];

class PacketTable {
public:
  // For variances whose sum is at most `most`.
  PacketTable(const Curve &pair, Kind pair_kind, const Curve &phi, double most);

  double cutoff() const { return cutoff_; }
  // Whether a pair is near enough to count: farther away less than 1e-9 of a packet is within the cutoff.
  bool sees(double R, double S) const {
    const double beyond = R - cutoff_;
    return beyond < 0.0 || beyond * beyond < reach_squared * S;
  }
  // 0 < R, 0 <= S <= most. The pair must be seen.
  void values(double R, double S, Averages &f) const { interpolate<false, false>(R, S, f, nullptr, nullptr); }
  void by_S(double R, double S, Averages &f, Averages &fS) const { interpolate<false, true>(R, S, f, nullptr, fS); }
  void by_R_and_S(double R, double S, Averages &f, Averages &fR, Averages &fS) const {
    interpolate<true, true>(R, S, f, fR, fS);
  }
  double memory_usage() const { return static_cast<double>(nodes_.capacity() * sizeof(double)); }

  static constexpr double reach_in_sigma = 6.0;

private:
  static constexpr double reach_squared = reach_in_sigma * reach_in_sigma;
  static constexpr int of_node = 4; // the function, by R, by S, by both

  template <bool by_R, bool by_S> void interpolate(double R, double S, double *f, double *fR, double *fS) const;
  // Of packets of no width, exactly: what the first row of the table stands for.
  void raw(double R, Averages &f, Averages &fR) const;
  double *node(std::size_t row, std::size_t i) { return &nodes_[(row * grid_.count + i) * of_node * averages]; }
  const double *node(std::size_t row, std::size_t i) const {
    return &nodes_[(row * grid_.count + i) * of_node * averages];
  }
  void fill_first();
  void fill(std::size_t row, const SmoothRow &h, const SmoothRow &phi, const SmoothRow &square);

  const Curve &pair_, &phi_;
  Kind pair_kind_;
  double cutoff_, root_step_;
  Grid grid_;
  std::vector<double> nodes_; // [row][distance][of_node][averages]; the energy times R
};

} // namespace dbar::gpp
