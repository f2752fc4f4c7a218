#include "kernels/gpp/packet_table.h"

#include <algorithm>
#include <cmath>

namespace dbar::gpp {

namespace {

// Chosen so that cubics miss 1e-7 eV per angstrom of a steep metal (see docs/theory): lengths of angstroms are assumed.
constexpr double widest_step = 0.005;       // of distances
constexpr double widest_root_step = 0.0075; // of the square roots of variances

struct Derivatives { // of one average at a node
  double f, fR, fS, fRS;
};

// phi = h / R. Near R = 0, where h is odd, its series.
struct Quotient {
  Quotient(const double *h, double R) {
    const double i = 1.0 / R;
    f = h[0] * i;
    d1 = (h[1] - f) * i;
    d2 = (h[2] - 2.0 * d1) * i;
    d3 = (h[3] - 3.0 * d2) * i;
    d4 = (h[4] - 4.0 * d3) * i;
  }
  double f, d1, d2, d3, d4;
};

// A mean of f(|x|) spreads in three dimensions: d/dS = 1/2 (d2/dR2 + 2/R d/dR).
double laplacian_half(const Quotient &q, double R) {
  return 0.5 * q.d2 + q.d1 / R;
}
double laplacian_half_slope(const Quotient &q, double R) {
  return 0.5 * q.d3 + (q.d2 - q.d1 / R) / R;
}
double laplacian_half_curvature(const Quotient &q, double R) {
  return 0.5 * q.d4 + (q.d3 - 2.0 * (q.d2 - q.d1 / R) / R) / R;
}

void put(double *node, Average which, const Derivatives &d) {
  node[0 * averages + which] = d.f;
  node[1 * averages + which] = d.fR;
  node[2 * averages + which] = d.fS;
  node[3 * averages + which] = d.fRS;
}

// Cubic with given values and slopes at both ends of an interval: weights of value, slope at the left, at the right.
struct Hermite {
  Hermite(double t, double width) {
    const double u = 1.0 - t;
    left = (1.0 + 2.0 * t) * u * u;
    left_slope = t * u * u * width;
    right = t * t * (3.0 - 2.0 * t);
    right_slope = -t * t * u * width;
  }
  double left, left_slope, right, right_slope;
};
struct HermiteSlope { // of the same by the variable
  HermiteSlope(double t, double width) {
    const double u = 1.0 - t;
    left = -6.0 * t * u / width;
    left_slope = u * (1.0 - 3.0 * t);
    right = -left;
    right_slope = t * (3.0 * t - 2.0);
  }
  double left, left_slope, right, right_slope;
};

Grid grid_of(double cutoff, double most) {
  Grid grid;
  grid.step = cutoff / std::ceil(cutoff / widest_step);
  const double root = std::sqrt(most), reach = cutoff + PacketTable::reach_in_sigma * root;
  grid.count = static_cast<std::size_t>(std::ceil(reach / grid.step)) + 2;
  const int rows = static_cast<int>(std::ceil(root / widest_root_step));
  for (int k = 0; k <= rows; ++k)
    grid.root.push_back(root * k / rows);
  return grid;
}

} // namespace

PacketTable::PacketTable(const Curve &pair, Kind pair_kind, const Curve &phi, double most)
    : pair_(pair), phi_(phi), pair_kind_(pair_kind), cutoff_(std::max(pair.cutoff(), phi.cutoff())),
      grid_(grid_of(cutoff_, most)) {
  root_step_ = grid_.root[1];
  nodes_.assign(grid_.root.size() * grid_.count * of_node * averages, 0.0);
  fill_first();
  const auto h = smooth_rows(pair, pair_kind, grid_), means = smooth_rows(phi, Kind::plain, grid_),
             squares = smooth_rows(phi, Kind::squared, grid_);
  for (std::size_t row = 1; row < grid_.root.size(); ++row)
    fill(row, h[row - 1], means[row - 1], squares[row - 1]);
}

// Of energy and density the derivatives by S alone: they themselves are raw().
void PacketTable::fill_first() {
  for (std::size_t i = 1; i < grid_.count; ++i) {
    const double R = grid_.step * static_cast<double>(i), off = 1e-6 * grid_.step;
    const auto middle = [&](const Curve &curve, Kind kind) { // a node of the table may be a kink
      const Jet a = h_of(curve, kind, R - off), b = h_of(curve, kind, R + off);
      return Jet{0.5 * (a.f + b.f), 0.5 * (a.d1 + b.d1), 0.5 * (a.d2 + b.d2), 0.5 * (a.d3 + b.d3)};
    };
    const Jet h = middle(pair_, pair_kind_), p = middle(phi_, Kind::plain); // each times R
    double jets[smooth_derivatives] = {p.f, p.d1, p.d2, p.d3, 0.0};
    jets[4] = 4.0 * Quotient(jets, R).d3; // the curve itself has no fourth derivative, or a small one
    const Quotient q(jets, R);
    double *to = node(0, i);
    put(to, energy, {0.0, 0.0, 0.5 * h.d2, 0.5 * h.d3});
    put(to, density, {0.0, 0.0, laplacian_half(q, R), laplacian_half_slope(q, R)});
    put(to, spread, {0.0, 0.0, q.d1 * q.d1, 2.0 * q.d1 * q.d2});
    put(to, slope, {q.d1, q.d2, laplacian_half_slope(q, R), laplacian_half_curvature(q, R)});
  }
}

void PacketTable::fill(std::size_t row, const SmoothRow &h, const SmoothRow &phi, const SmoothRow &square) {
  for (std::size_t i = 1; i < grid_.count; ++i) {
    const double R = grid_.step * static_cast<double>(i);
    double hp[smooth_derivatives], hs[smooth_derivatives];
    for (int n = 0; n < smooth_derivatives; ++n) {
      hp[n] = phi[n][i];
      hs[n] = square[n][i];
    }
    const Quotient p(hp, R), s(hs, R);
    const double pS = laplacian_half(p, R), pRS = laplacian_half_slope(p, R);
    const double sS = laplacian_half(s, R), sRS = laplacian_half_slope(s, R);
    double *to = node(row, i);
    put(to, energy, {h[0][i], h[1][i], 0.5 * h[2][i], 0.5 * h[3][i]});
    put(to, density, {p.f, p.d1, pS, pRS});
    put(to, spread,
        {s.f - p.f * p.f, s.d1 - 2.0 * p.f * p.d1, sS - 2.0 * p.f * pS, sRS - 2.0 * (p.d1 * pS + p.f * pRS)});
    put(to, slope, {p.d1, p.d2, pRS, laplacian_half_curvature(p, R)});
  }
  // at R = 0, from what is odd there
  const double p = phi[1][0], curvature = phi[3][0] / 3.0, pS = 0.5 * phi[3][0];
  put(node(row, 0), energy, {0.0, h[1][0], 0.0, 0.5 * h[3][0]});
  put(node(row, 0), density, {p, 0.0, pS, 0.0});
  put(node(row, 0), spread, {square[1][0] - p * p, 0.0, 0.5 * square[3][0] - 2.0 * p * pS, 0.0});
  put(node(row, 0), slope, {0.0, curvature, 0.0, 0.0});
}

void PacketTable::raw(double R, Averages &f, Averages &fR) const {
  const Jet h = h_of(pair_, pair_kind_, R), p = phi_.at(R);
  f[energy] = h.f;
  fR[energy] = h.d1;
  f[density] = p.f;
  fR[density] = p.d1;
  f[spread] = fR[spread] = f[slope] = fR[slope] = 0.0; // the nodes have them; a raw slope would have kinks
}

template <bool by_R, bool by_S>
void PacketTable::interpolate(double R, double S, double *f, double *fR, double *fS) const {
  const double place = R / grid_.step;
  const std::size_t i = std::min(static_cast<std::size_t>(place), grid_.count - 2);
  const std::size_t k = std::min(static_cast<std::size_t>(std::sqrt(S) / root_step_), grid_.root.size() - 2);
  const double below = grid_.root[k] * grid_.root[k], height = grid_.root[k + 1] * grid_.root[k + 1] - below;
  const double t = place - static_cast<double>(i), s = (S - below) / height;
  const Hermite x(t, grid_.step), y(s, height);
  const HermiteSlope dx(t, grid_.step), dy(s, height);
  const double wx[2][2] = {{x.left, x.left_slope}, {x.right, x.right_slope}};
  const double wy[2][2] = {{y.left, y.left_slope}, {y.right, y.right_slope}};
  const double vx[2][2] = {{dx.left, dx.left_slope}, {dx.right, dx.right_slope}};
  const double vy[2][2] = {{dy.left, dy.left_slope}, {dy.right, dy.right_slope}};
  Averages value = {}, slope_R = {}, slope_S = {};
  for (int row = 0; row < 2; ++row) {
    const double *left = node(k + row, i);
    for (int d = 0; d < 2; ++d) { // the function and its derivative by S
      Averages along = {}, along_R = {};
      for (int side = 0; side < 2; ++side)
        for (int e = 0; e < 2; ++e) { // the function and its derivative by R
          const double *at = left + (side * of_node + 2 * d + e) * averages;
          for (int n = 0; n < averages; ++n) {
            along[n] += wx[side][e] * at[n];
            if (by_R)
              along_R[n] += vx[side][e] * at[n];
          }
        }
      for (int n = 0; n < averages; ++n) {
        value[n] += wy[row][d] * along[n];
        if (by_R)
          slope_R[n] += wy[row][d] * along_R[n];
        if (by_S)
          slope_S[n] += vy[row][d] * along[n];
      }
    }
  }
  if (k == 0) {
    Averages bare, bare_R;
    raw(R, bare, bare_R);
    for (int n = 0; n < averages; ++n) {
      value[n] += y.left * bare[n];
      slope_R[n] += y.left * bare_R[n];
      slope_S[n] += dy.left * bare[n];
    }
  }
  value[energy] /= R;
  std::copy_n(value, averages, f);
  if (by_R) {
    slope_R[energy] = (slope_R[energy] - value[energy]) / R;
    std::copy_n(slope_R, averages, fR);
  }
  if (by_S) {
    slope_S[energy] /= R;
    std::copy_n(slope_S, averages, fS);
  }
}

template void PacketTable::interpolate<false, false>(double, double, double *, double *, double *) const;
template void PacketTable::interpolate<false, true>(double, double, double *, double *, double *) const;
template void PacketTable::interpolate<true, true>(double, double, double *, double *, double *) const;

} // namespace dbar::gpp
