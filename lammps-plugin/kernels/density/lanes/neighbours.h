// Gathers the neighbours inside the cutoff of up to `lanes` centres, species by species: slot s holds the s-th of each.
#pragma once

#include "kernels/density/lanes/plan.h"
#include "kernels/isa/simd.h"

namespace dbar::density {
namespace {

DBAR_INLINE double *slots_of(const Work &work, int a) {
  return work.slot + static_cast<long>(a) * work.room * SLOT * lanes;
}

DBAR_INLINE double *place_of(const Work &work, int a, int s, int lane) {
  return slots_of(work, a) + static_cast<long>(s) * SLOT * lanes + lane;
}

void gather(const Plan &plan, const Work &work, const Batch &batch, int begin) {
  for (int k = 0; k < plan.slots * lanes; ++k)
    work.count[k] = 0;
  for (int lane = 0; lane < lanes && begin + lane < batch.n; ++lane) {
    const int i = work.order[begin + lane];
    for (int p = batch.first[i]; p < batch.first[i + 1]; ++p) {
      const double *x = batch.r[p];
      const double rsq = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
      const int a = plan.slot_of[batch.rtype[p]];
      if (a < 0 || !(rsq < plan.rcutsq))
        continue;
      double *place = place_of(work, a, work.count[a * lanes + lane]++, lane);
      place[SX * lanes] = x[0];
      place[SY * lanes] = x[1];
      place[SZ * lanes] = x[2];
      place[PAIR * lanes] = p;
      place[WEIGHT * lanes] = plan.weight[batch.rtype[p]];
      place[SET * lanes] = plan.set ? plan.set[batch.type[i] * plan.species + batch.rtype[p]] : 0.0;
    }
  }
  for (int a = 0; a < plan.slots; ++a) {
    const int *count = work.count + a * lanes;
    int most = 0;
    for (int lane = 0; lane < lanes; ++lane)
      most = count[lane] > most ? count[lane] : most;
    for (int lane = 0; lane < lanes; ++lane)
      for (int s = count[lane]; s < most; ++s) {
        double *place = place_of(work, a, s, lane);
        place[SX * lanes] = place[SY * lanes] = place[SZ * lanes] = place[WEIGHT * lanes] = place[SET * lanes] = 0.0;
        place[PAIR * lanes] = -1.0;
      }
    work.most[a] = most;
  }
}

// Of a slot: r, what the harmonics are of, r^2, the weight, which is zero where there is no neighbour, and the set of
// functions.
struct Point {
  V r[3], e[3], rsq, inverse, weight, set;
};

DBAR_INLINE Point point(const Plan &plan, const V *slot) {
  Point p;
  for (int k = 0; k < 3; ++k)
    p.r[k] = slot[SX + k];
  p.weight = slot[WEIGHT];
  p.set = slot[SET];
  p.rsq = p.r[0] * p.r[0] + p.r[1] * p.r[1] + p.r[2] * p.r[2];
  p.inverse = broadcast(1.0);
  if (!plan.solid)
    p.inverse = p.rsq > 0.0 ? 1.0 / square_root(p.rsq) : V{};
  for (int k = 0; k < 3; ++k)
    p.e[k] = p.r[k] * p.inverse;
  return p;
}

} // namespace
} // namespace dbar::density
