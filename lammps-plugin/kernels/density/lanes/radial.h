// Radial functions of one neighbour in each lane.
#pragma once

#include "kernels/density/lanes/plan.h"
#include "kernels/isa/simd.h"
#include "kernels/pi.h"

namespace dbar::density {
namespace {

// Of the six numbers at two knots, [6][lanes] each, and the first knot.
struct Weights {
  double value[6 * lanes], slope[6 * lanes];
  const double *knot[lanes];
};

// What all functions are multiplied with, and twice its derivative by r^2. The cutoff is not in the splines: its
// curvature jumps where it begins.
DBAR_INLINE void damping(const Splines &s, V rsq, V &factor, V &slope) {
  const V r = square_root(rsq);
  factor = broadcast(1.0);
  slope = V{};
  if (s.width > 0.0) {
    const I fading = r > s.rcut - s.width;
    // With y = x/2 - pi/4: (1 + cos x) / 2 = 1/2 - sin y cos y and sin x = 1 - 2 sin^2 y.
    V sine, cosine;
    reduced_sine_cosine((0.5 * pi / s.width) * (r - (s.rcut - s.width)) - 0.25 * pi, sine, cosine);
    factor = fading ? 0.5 - sine * cosine : factor;
    slope = fading ? (-0.5 * pi / s.width) * (1.0 - 2.0 * sine * sine) / r : slope;
  }
  if (s.c > 0.0) {
    V power;
    for (int lane = 0; lane < lanes; ++lane)
      power[lane] = __builtin_pow(r[lane] / s.r0, s.m);
    const V weight = s.c / (s.c + power);
    const V fall = rsq > 0.0 ? (-s.m / s.c) * weight * weight * power / rsq : V{};
    slope = slope * weight + factor * fall;
    factor = factor * weight;
  }
}

DBAR_INLINE void weigh(const Splines &s, V rsq, V weight, V set, bool slopes, Weights &w) {
  const V u = square_root(rsq + s.shift * s.shift);
  const double integer = 6755399441055744.0; // 1.5 * 2^52: the last bits of a sum with it are the nearest integer
  V t = (u - s.shift) * (1.0 / s.spacing);
  V i = (t - 0.5 + integer) - integer; // the knot below; on a knot any of the two intervals
  i = i > 0.0 ? i : V{};
  i = i < s.intervals - 1.0 ? i : broadcast(s.intervals - 1.0);
  t -= i;
  const I place = (I)(i * (3.0 * s.padded) + set * static_cast<double>(s.of_a_set) + integer) - 0x4338000000000000LL;
  for (int lane = 0; lane < lanes; ++lane)
    w.knot[lane] = s.knots + place[lane];
  V factor, fall;
  damping(s, rsq, factor, fall);
  factor = factor * weight;
  const V t2 = t * t, t3 = t2 * t, t4 = t2 * t2, t5 = t4 * t;
  const V right = 10.0 * t3 - 15.0 * t4 + 6.0 * t5;
  const V value[6] = {1.0 - right, t - 6.0 * t3 + 8.0 * t4 - 3.0 * t5, 0.5 * (t2 - 3.0 * t3 + 3.0 * t4 - t5),
                      right,       -4.0 * t3 + 7.0 * t4 - 3.0 * t5,    0.5 * (t3 - 2.0 * t4 + t5)};
  for (int k = 0; k < 6; ++k)
    store(w.value + k * lanes, factor * value[k]);
  if (!slopes)
    return;
  fall = fall * weight;
  const V rise = 30.0 * (t2 - 2.0 * t3 + t4);
  const V slope[6] = {-rise, 1.0 - 18.0 * t2 + 32.0 * t3 - 15.0 * t4, t - 4.5 * t2 + 6.0 * t3 - 2.5 * t4,
                      rise,  -12.0 * t2 + 28.0 * t3 - 15.0 * t4,      1.5 * t2 - 4.0 * t3 + 2.5 * t4};
  const V scale = u > 0.0 ? factor / (s.spacing * u) : V{}; // du/d(r^2) = 1 / 2u
  for (int k = 0; k < 6; ++k)
    store(w.slope + k * lanes, scale * slope[k] + fall * value[k]);
}

// Functions of the neighbour of one lane, as a row of each of the squares that follow each other.
template <bool SLOPES> DBAR_INLINE void interpolate(const Splines &s, const Weights &w, int lane, V *value, V *slope) {
  V a[6], b[6];
#pragma GCC unroll 6
  for (int k = 0; k < 6; ++k) {
    a[k] = broadcast(w.value[k * lanes + lane]);
    if (SLOPES)
      b[k] = broadcast(w.slope[k * lanes + lane]);
  }
  const double *knot = w.knot[lane];
  for (int f = 0; f < s.padded; f += lanes) {
    V sum{}, dsum{};
#pragma GCC unroll 6
    for (int k = 0; k < 6; ++k) {
      const V x = load(knot + static_cast<long>(k) * s.padded + f);
      sum += a[k] * x;
      if (SLOPES)
        dsum += b[k] * x;
    }
    value[f + lane] = sum;
    if (SLOPES)
      slope[f + lane] = dsum;
  }
}

// value[padded] and, with SLOPES, 2 d/d(r^2) of them in slope[padded], times the weight.
template <bool SLOPES> DBAR_INLINE void radial(const Splines &s, V rsq, V weight, V set, V *value, V *slope) {
  Weights w;
  weigh(s, rsq, weight, set, SLOPES, w);
  for (int lane = 0; lane < lanes; ++lane)
    interpolate<SLOPES>(s, w, lane, value, slope);
  for (int f = 0; f < s.padded; f += lanes) {
    transpose(value + f);
    if (SLOPES)
      transpose(slope + f);
  }
}

} // namespace
} // namespace dbar::density
