// Moments of the neighbours, and from them the coefficients and their strain derivatives.
#pragma once

#include "kernels/density/lanes/neighbours.h"
#include "kernels/density/lanes/products.h"
#include "kernels/density/lanes/radial.h"
#include "kernels/density/recursion.h"

namespace dbar::density {
namespace {

// X_lm at l^2, then cosine and sine part of each m.
DBAR_INLINE void solid_harmonics(const Plan &plan, int largest, const V *r, V *x) {
  const V rsq = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  harmonics(
      plan.harmonics, largest, r, broadcast(plan.constant), [&](double drop) { return drop * rsq; },
      [x](int l, int m, V c, V s) {
        if (m == 0) {
          x[l * l] = c;
        } else {
          x[l * l + 2 * m - 1] = c;
          x[l * l + 2 * m] = s;
        }
      });
}

// Functions of one slot in the strained layout.
DBAR_INLINE void strained_functions(const Plan &plan, const Point &p, const V *value, const V *slope, V *f) {
  const Layout &layout = plan.strained;
  const V s = plan.solid ? p.rsq : broadcast(1.0);
  for (int l = 0; l <= plan.lmax; ++l) {
    const int of_l = plan.solid ? l * plan.nmax : 0;
    const V *F = value + of_l, *h = slope + of_l;
    V *own = f + layout.first[l] + plan.kind[l][VALUE], *same = f + layout.first[l] + plan.kind[l][SAME];
    V *rise = f + layout.first[l + 2] + plan.kind[l + 2][RISE];
    V *fall = l < 2 ? nullptr : f + layout.first[l - 2] + plan.kind[l - 2][FALL];
    for (int n = 0; n < plan.nmax; ++n) {
      const V H = plan.solid ? h[n] : p.rsq * h[n] - static_cast<double>(l) * F[n];
      own[n] = F[n];
      rise[n] = H;
      same[n] = s * H;
      if (fall)
        fall[n] = s * (s * H + (2.0 * l + 1.0) * F[n]);
    }
  }
}

// A centre's own Gaussian.
void add_own(const Plan &plan, const Layout &layout, const Work &work, const Batch &batch, int begin) {
  for (int lane = 0; lane < lanes && begin + lane < batch.n; ++lane) {
    const int type = batch.type[work.order[begin + lane]], a = plan.slot_of[type];
    if (a < 0)
      continue;
    double *first = work.moments + (static_cast<long>(a) * layout.moments + layout.at[0]) * lanes + lane;
    for (int n = 0; n < plan.nmax; ++n)
      first[n * lanes] += plan.own[type * plan.nmax + n];
  }
}

void add_moments(const Plan &plan, const Work &work, const Batch &batch, int begin, bool strain) {
  const Layout &layout = strain ? plan.strained : plan.value;
  V *f = (V *)work.functions, *x = (V *)work.harmonics;
  V *value = (V *)work.radial, *slope = value + plan.splines.padded;
  const int xstep = (layout.largest + 1) * (layout.largest + 1);
  for (int a = 0; a < plan.slots; ++a) {
    V *moments = (V *)work.moments + static_cast<long>(a) * layout.moments;
    const V *slot = (const V *)slots_of(work, a);
    for (int s = 0; s < work.most[a]; s += slot_block) {
      const int n = work.most[a] - s < slot_block ? work.most[a] - s : slot_block;
      for (int k = 0; k < n; ++k) {
        const Point p = point(plan, slot + static_cast<long>(s + k) * SLOT);
        if (strain) {
          radial<true>(plan.splines, p.rsq, p.weight, p.set, value, slope);
          strained_functions(plan, p, value, slope, f + k * layout.functions);
        } else { // as the splines have them
          radial<false>(plan.splines, p.rsq, p.weight, p.set, f + k * layout.functions, nullptr);
        }
        solid_harmonics(plan, layout.largest, p.e, x + k * xstep);
      }
      add_products(layout, f, layout.functions, x, n, moments);
    }
  }
  if (plan.own)
    add_own(plan, layout, work, batch, begin);
}

// The traceless components of N functions that follow each other, summed in registers.
template <int N> void traceless(const Plan &plan, const V *moments, int n, int stride, V *dc) {
  const long component = static_cast<long>(plan.lmax + 1) * (plan.lmax + 1) * stride;
  for (const StrainOutput *o = plan.strain_output; o < plan.strain_output + plan.strain_outputs; ++o) {
    V sum[N] = {};
    for (const StrainTerm *t = plan.strain_term + o->begin; t < plan.strain_term + o->end; ++t) {
      const V factor = held(broadcast(t->factor));
      const V *from = moments + t->source + n;
      for (int k = 0; k < N; ++k)
        sum[k] += factor * from[k];
    }
    V *to = dc + (1 + o->component) * component + static_cast<long>(o->lm) * stride + n;
    for (int k = 0; k < N; ++k)
      to[k] = sum[k];
  }
}

void coefficients(const Plan &plan, const Work &work, bool strain) {
  const Layout &layout = strain ? plan.strained : plan.value;
  const int stride = plan.slots * plan.nmax;
  for (int a = 0; a < plan.slots; ++a) {
    V *moments = (V *)work.moments + static_cast<long>(a) * layout.moments;
    V *c = (V *)work.c + a * plan.nmax, *dc = (V *)work.dc + a * plan.nmax;
    for (int l = 0; l <= plan.lmax; ++l)
      for (int m = 0; m < 2 * l + 1; ++m) {
        V *value = moments + layout.at[l] + m * layout.count[l];
        const long place = static_cast<long>(l * l + m) * stride;
        for (int n = 0; n < plan.nmax; ++n)
          c[place + n] = value[n];
        if (!strain)
          continue;
        V *same = value + plan.kind[l][SAME];
        for (int n = 0; n < plan.nmax; ++n) {
          const V trace = same[n] + static_cast<double>(l) * value[n]; // r F'
          dc[place + n] = trace;
          same[n] = trace + plan.same_part[l] * value[n];
        }
      }
    int n = 0;
    for (; strain && n + 8 <= plan.nmax; n += 8)
      traceless<8>(plan, moments, n, stride, dc);
    for (; strain && n + 4 <= plan.nmax; n += 4)
      traceless<4>(plan, moments, n, stride, dc);
    for (; strain && n + 2 <= plan.nmax; n += 2)
      traceless<2>(plan, moments, n, stride, dc);
    if (strain && n < plan.nmax)
      traceless<1>(plan, moments, n, stride, dc);
  }
}

} // namespace
} // namespace dbar::density
