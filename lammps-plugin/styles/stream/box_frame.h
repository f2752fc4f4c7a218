// Coordinates in which a deforming periodic box stands still.
//
// Along periodic axes an atom is described by its fraction of the cell, along open axes by its position. The mean of
// such coordinates, each of the image nearest to the one before, mapped back into the present cell, is a time average
// that does not smear when the cell deforms and that agrees between periodic images.
#pragma once

#include <algorithm>
#include <cmath>

namespace dbar {

class BoxFrame {
public:
  BoxFrame() = default;
  // lo, hi: box bounds; tilt: xy xz yz; periodic: per axis.
  BoxFrame(const double lo[3], const double hi[3], const double tilt[3], const int periodic[3]) {
    for (int d = 0; d < 3; ++d) {
      periodic_[d] = periodic[d] != 0;
      origin_[d] = periodic[d] ? lo[d] : 0.0;
      edge_[d] = periodic[d] ? hi[d] - lo[d] : 1.0;
    }
    for (int k = 0; k < 3; ++k)
      tilt_[k] = tilt[k];
  }

  void to_frame(const double x[3], double s[3]) const {
    s[2] = (x[2] - origin_[2]) / edge_[2];
    s[1] = (x[1] - origin_[1] - tilt_[2] * s[2]) / edge_[1];
    s[0] = (x[0] - origin_[0] - tilt_[0] * s[1] - tilt_[1] * s[2]) / edge_[0];
  }

  // Maps a difference of two frame coordinates to a difference of positions.
  void difference_to_space(const double s[3], double d[3]) const {
    d[0] = edge_[0] * s[0] + tilt_[0] * s[1] + tilt_[1] * s[2];
    d[1] = edge_[1] * s[1] + tilt_[2] * s[2];
    d[2] = edge_[2] * s[2];
  }

  // Moves frame coordinates by whole periods to the image nearest to others. Along c, b and a in turn, so that half an
  // edge is the limit along each axis, however far the cell leans.
  void to_nearest(const double other[3], double s[3]) const {
    double way[3], d[3];
    for (int k = 0; k < 3; ++k)
      way[k] = s[k] - other[k];
    difference_to_space(way, d);
    const double vector[3][3] = {{edge_[0], 0.0, 0.0}, {tilt_[0], edge_[1], 0.0}, {tilt_[1], tilt_[2], edge_[2]}};
    for (int k = 2; k >= 0; --k) {
      const double n = periodic_[k] ? std::round(d[k] / edge_[k]) : 0.0;
      s[k] -= n;
      for (int e = 0; e <= k; ++e)
        d[e] -= n * vector[k][e];
    }
  }

  // Whether the same axes are periodic: coordinates of two frames have a common meaning only then.
  bool same_axes(const BoxFrame &other) const { return std::equal(periodic_, periodic_ + 3, other.periodic_); }

  // The first axis along which a way of this length is more than half a period, -1 if there is none.
  int beyond_half(const double way[3]) const {
    for (int d = 0; d < 3; ++d)
      if (periodic_[d] && std::abs(way[d]) > 0.5 * edge_[d])
        return d;
    return -1;
  }
  double edge(int d) const { return edge_[d]; }

  // Whole edge vectors by which the tilts jumped since `before` (a box flip): b += n[0] a; c += n[1] a + n[2] b. There
  // are none along open axes.
  bool flipped_since(const BoxFrame &before, double n[3]) const {
    n[2] = periodic_[1] ? std::round((tilt_[2] - before.tilt_[2]) / edge_[1]) : 0.0;
    n[0] = periodic_[0] ? std::round((tilt_[0] - before.tilt_[0]) / edge_[0]) : 0.0;
    n[1] = periodic_[0] ? std::round((tilt_[1] - before.tilt_[1] - n[2] * before.tilt_[0]) / edge_[0]) : 0.0;
    return n[0] != 0.0 || n[1] != 0.0 || n[2] != 0.0;
  }

  // Rewrites coordinates of the frame before a flip in the frame after it (same point of space).
  static void follow_flip(const double n[3], double s[3]) {
    s[1] -= n[2] * s[2];
    s[0] -= n[0] * s[1] + n[1] * s[2];
  }

  // The inverse: coordinates of the frame after a flip in the frame before it.
  static void undo_flip(const double n[3], double s[3]) {
    s[0] += n[0] * s[1] + n[1] * s[2];
    s[1] += n[2] * s[2];
  }

  static constexpr int nstate = 12;
  void pack(double *buf) const {
    for (int d = 0; d < 3; ++d) {
      buf[d] = origin_[d];
      buf[3 + d] = edge_[d];
      buf[6 + d] = tilt_[d];
      buf[9 + d] = periodic_[d];
    }
  }
  void unpack(const double *buf) {
    for (int d = 0; d < 3; ++d) {
      origin_[d] = buf[d];
      edge_[d] = buf[3 + d];
      tilt_[d] = buf[6 + d];
      periodic_[d] = buf[9 + d] != 0.0;
    }
  }

private:
  double origin_[3] = {0.0, 0.0, 0.0};
  double edge_[3] = {1.0, 1.0, 1.0};
  double tilt_[3] = {0.0, 0.0, 0.0}; // xy xz yz
  bool periodic_[3] = {false, false, false};
};

} // namespace dbar
