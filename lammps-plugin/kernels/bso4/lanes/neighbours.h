// Gathers the neighbours inside the cutoff of up to `lanes` centres: slot s holds the s-th of each.
// Empty places are a neighbour of weight zero.
#pragma once

#include "kernels/bso4/lanes/work.h"
#include "kernels/isa/simd.h"

namespace dbar::bso4 {
namespace {

enum { SX, SY, SZ, SCALE, WEIGHT, PAIR, SLOT };

DBAR_INLINE int gather(const Plan &plan, const Work &work, const Batch &batch, int begin) {
  int count[lanes] = {}, most = 0;
  for (int lane = 0; lane < lanes && begin + lane < batch.n; ++lane) {
    const int i = work.order[begin + lane];
    const int ti = batch.type[i] * plan.species;
    double *place = work.slot + lane;
    for (int p = batch.first[i]; p < batch.first[i + 1]; ++p) {
      const double *x = batch.r[p];
      const double rsq = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
      const int pair = ti + batch.rtype[p];
      // Written always, kept if inside: no branch to mispredict.
      place[SX * lanes] = x[0];
      place[SY * lanes] = x[1];
      place[SZ * lanes] = x[2];
      place[SCALE * lanes] = plan.scale[pair];
      place[WEIGHT * lanes] = plan.weight[pair];
      place[PAIR * lanes] = p;
      const bool inside = (rsq < plan.rcutsq[pair]) & (rsq > nearest_squared * plan.rcutsq[pair]);
      place += inside ? SLOT * lanes : 0;
      count[lane] += inside;
    }
    most = count[lane] > most ? count[lane] : most;
  }
  for (int lane = 0; lane < lanes; ++lane)
    for (int s = count[lane]; s < most; ++s) {
      double *place = work.slot + s * SLOT * lanes + lane;
      place[SX * lanes] = place[SY * lanes] = place[WEIGHT * lanes] = 0.0;
      place[SZ * lanes] = place[SCALE * lanes] = 1.0;
      place[PAIR * lanes] = -1.0;
    }
  return most;
}

// One neighbour in each lane: unit vector, angle theta, weight f.
struct Point {
  V n[3], inverse; // r / |r| and 1 / |r|
  V cosine, sine;  // of theta
  V f, fslope;     // f and r f'
  V slope;         // r theta'
};
static_assert(sizeof(Point) == point_size * sizeof(V), "room in Work");

DBAR_INLINE Point point(const Plan &plan, const V *slot) {
  Point p;
  const V r = square_root(slot[SX] * slot[SX] + slot[SY] * slot[SY] + slot[SZ] * slot[SZ]);
  p.inverse = 1.0 / r;
  for (int c = 0; c < 3; ++c)
    p.n[c] = slot[SX + c] * p.inverse;
  const V x = slot[SCALE] * (r - plan.rmin0);
  const I near = x < 0.0; // closer than rmin0: no switching, and the opposite rotation matrix
  sine_cosine(plan.rfac0 * x, p.sine, p.cosine);
  p.sine = near ? -p.sine : p.sine;
  p.cosine = near ? -p.cosine : p.cosine;
  p.slope = plan.rfac0 * slot[SCALE] * r;
  p.f = slot[WEIGHT];
  p.fslope = V{};
  if (plan.switching) {
    V s, c;
    sine_cosine(x, s, c);
    p.f = near ? p.f : 0.5 * p.f * (1.0 + c);
    p.fslope = near ? p.fslope : -0.5 * slot[WEIGHT] * slot[SCALE] * r * s;
  }
  return p;
}

} // namespace
} // namespace dbar::bso4
