// G2 and G3 of the centres in the lanes, their strain derivatives and their gradient.
#pragma once

#include "kernels/acsf/lanes/plan.h"
#include "kernels/density/lanes/neighbours.h"
#include "kernels/pi.h"

namespace dbar::acsf {
namespace {

enum { RX, RY, RZ, RSQ, INVERSE, WEIGHT, E };

// The cutoff function and twice its derivative by r^2; zero from rcut on.
DBAR_INLINE void cutoff(const Plan &plan, V rsq, V &fc, V &slope) {
  const V r = square_root(rsq);
  const I inside = r < plan.rcut;
  V sine, cosine;
  sine_cosine((pi / plan.rcut) * (inside ? r : V{}), sine, cosine);
  fc = inside ? 0.5 + 0.5 * cosine : V{};
  const I apart = rsq > 0.0;
  slope = inside ? (apart ? (-0.5 * pi / plan.rcut) * sine / (apart ? r : broadcast(1.0))
                          : broadcast(-0.5 * pi * pi / (plan.rcut * plan.rcut)))
                 : V{};
}

DBAR_INLINE int stride(const Plan &plan) {
  return fixed + 2 * plan.widths;
}

DBAR_INLINE V *points_of(const Plan &plan, const Work &work, int a) {
  return (V *)work.point + static_cast<long>(a) * work.neighbours.room * stride(plan);
}

// Points of all neighbours of the centres order[begin] ...
void gather(const Plan &plan, const Work &work, const Batch &batch, int begin) {
  density::gather(plan.neighbours, work.neighbours, batch, begin);
  for (int a = 0; a < plan.neighbours.slots; ++a)
    for (int s = 0; s < work.neighbours.most[a]; ++s) {
      const V *slot = (const V *)density::slots_of(work.neighbours, a) + static_cast<long>(s) * density::SLOT;
      V *p = points_of(plan, work, a) + static_cast<long>(s) * stride(plan);
      for (int k = 0; k < 3; ++k)
        p[k] = slot[k];
      const V rsq = p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
      const I apart = rsq > 0.0;
      p[RSQ] = rsq;
      p[INVERSE] = apart ? 1.0 / square_root(apart ? rsq : broadcast(1.0)) : V{};
      p[WEIGHT] = slot[density::WEIGHT];
      V fc, dfc;
      cutoff(plan, rsq, fc, dfc);
      for (int m = 0; m < plan.widths; ++m) {
        const V e = p[WEIGHT] * exponential(-plan.eta[m] * rsq);
        p[E + 2 * m] = e * fc;
        p[E + 2 * m + 1] = e * (dfc - 2.0 * plan.eta[m] * fc);
      }
    }
}

// x y products in Voigt's order; of two different vectors their symmetric sum.
DBAR_INLINE void square(const V *x, V *out) {
  out[0] = x[0] * x[0], out[1] = x[1] * x[1], out[2] = x[2] * x[2];
  out[3] = x[0] * x[1], out[4] = x[0] * x[2], out[5] = x[1] * x[2];
}

DBAR_INLINE void cross(const V *x, const V *y, V *out) {
  out[0] = 2.0 * x[0] * y[0], out[1] = 2.0 * x[1] * y[1], out[2] = 2.0 * x[2] * y[2];
  out[3] = x[0] * y[1] + x[1] * y[0], out[4] = x[0] * y[2] + x[2] * y[0], out[5] = x[1] * y[2] + x[2] * y[1];
}

// exp(-eta (r - shift)^2) fc and its derivative by r over r.
DBAR_INLINE void radial(const Plan &plan, const V *p, int k, V fc, V dfc, V &value, V &slope) {
  const V r = p[RSQ] * p[INVERSE], away = r - plan.shift2[k];
  const V e = p[WEIGHT] * exponential(-plan.eta2[k] * away * away);
  value = e * fc;
  slope = e * (dfc - 2.0 * plan.eta2[k] * away * p[INVERSE] * fc);
  if (plan.shift2[k] == 0.0) // a function of r^2
    slope = e * (dfc - 2.0 * plan.eta2[k] * fc);
}

// Two neighbours of one centre: the angle between them and what lies beyond it.
struct Pair {
  V cosine, inverse;                    // 1 / (r_j r_k)
  V E[most_widths], slope[most_widths]; // of the distance between them
};

DBAR_INLINE Pair pair(const Plan &plan, const V *j, const V *k) {
  Pair p;
  const V dot = j[RX] * k[RX] + j[RY] * k[RY] + j[RZ] * k[RZ];
  p.inverse = j[INVERSE] * k[INVERSE];
  p.cosine = dot * p.inverse;
  V rsq = j[RSQ] + k[RSQ] - 2.0 * dot;
  rsq = rsq > 0.0 ? rsq : V{};
  V fc, dfc;
  cutoff(plan, rsq, fc, dfc);
  for (int m = 0; m < plan.widths; ++m) {
    const V e = exponential(-plan.eta[m] * rsq);
    p.E[m] = e * fc;
    p.slope[m] = e * (dfc - 2.0 * plan.eta[m] * fc);
  }
  return p;
}

DBAR_INLINE V power(V x, double exponent) {
  int whole = static_cast<int>(exponent);
  if (whole != exponent) {
    V out{};
    for (int lane = 0; lane < lanes; ++lane)
      out[lane] = __builtin_pow(x[lane], exponent);
    return out;
  }
  V out = broadcast(1.0);
  for (; whole > 0; whole /= 2, x = x * x)
    if (whole % 2)
      out = out * x;
  return out;
}

// 2^(1-zeta) (1 + lambda cos)^zeta and its derivative by the cosine.
DBAR_INLINE void angular(const Plan &plan, int z, double lambda, V cosine, V &value, V &slope) {
  const double zeta = plan.zeta[z], norm = __builtin_exp2(1.0 - zeta);
  V base = 1.0 + lambda * cosine;
  base = base > 0.0 ? base : V{}; // but for rounding
  const V below = norm * power(base, zeta - 1.0);
  value = below * base;
  slope = zeta * lambda * below;
}

// Calls use(first component, j, k) for all pairs of different neighbours, each once.
template <class Use> DBAR_INLINE void each_pair(const Plan &plan, const Work &work, Use use) {
  long at = static_cast<long>(plan.neighbours.slots) * plan.radial;
  for (int a = 0; a < plan.neighbours.slots; ++a)
    for (int b = a; b < plan.neighbours.slots; ++b, at += plan.widths * 2 * plan.zetas) {
      const V *first = points_of(plan, work, a), *second = points_of(plan, work, b);
      for (int s = 0; s < work.neighbours.most[a]; ++s)
        for (int t = a == b ? s + 1 : 0; t < work.neighbours.most[b]; ++t)
          use(at, a, s, b, t, first + static_cast<long>(s) * stride(plan),
              second + static_cast<long>(t) * stride(plan));
    }
}

void values(const Plan &plan, const Work &work, double *B, double *dB) {
  V *out = (V *)B, *dout = (V *)dB;
  for (int a = 0; a < plan.neighbours.slots; ++a)
    for (int s = 0; s < work.neighbours.most[a]; ++s) {
      const V *p = points_of(plan, work, a) + static_cast<long>(s) * stride(plan);
      V fc, dfc, jj[6];
      cutoff(plan, p[RSQ], fc, dfc);
      square(p, jj);
      for (int k = 0; k < plan.radial; ++k) {
        V value, slope;
        radial(plan, p, k, fc, dfc, value, slope);
        out[a * plan.radial + k] += value;
        for (int c = 0; dB && c < 6; ++c)
          dout[6l * (a * plan.radial + k) + c] += slope * jj[c];
      }
    }
  each_pair(plan, work, [&](long at, int, int, int, int, const V *j, const V *k) {
    const Pair p = pair(plan, j, k);
    V jj[6], kk[6], jk[6];
    if (dB) {
      square(j, jj);
      square(k, kk);
      cross(j, k, jk);
    }
    for (int sign = 0; sign < 2; ++sign)
      for (int z = 0; z < plan.zetas; ++z) {
        V P, dP;
        angular(plan, z, sign ? -1.0 : 1.0, p.cosine, P, dP);
        for (int m = 0; m < plan.widths; ++m) {
          const long component = at + (m * 2 + sign) * plan.zetas + z;
          const V ej = j[E + 2 * m], ek = k[E + 2 * m], all = ej * ek * p.E[m];
          out[component] += P * all;
          if (!dB)
            continue;
          const V apart = P * ej * ek * p.slope[m], turn = dP * all;
          const V of_jj = P * j[E + 2 * m + 1] * ek * p.E[m] + apart - turn * p.cosine * j[INVERSE] * j[INVERSE];
          const V of_kk = P * ej * k[E + 2 * m + 1] * p.E[m] + apart - turn * p.cosine * k[INVERSE] * k[INVERSE];
          const V of_jk = turn * p.inverse - apart;
          for (int c = 0; c < 6; ++c)
            dout[6 * component + c] += of_jj * jj[c] + of_kk * kk[c] + of_jk * jk[c];
        }
      }
  });
}

void gradient(const Plan &plan, const Work &work, const double *theta, double (*grad)[3]) {
  const V *t = (const V *)theta;
  V *g = (V *)work.gradient;
  const auto gradient_of = [&](int a, int s) { return g + 3 * (static_cast<long>(a) * work.neighbours.room + s); };
  for (int a = 0; a < plan.neighbours.slots; ++a)
    for (int s = 0; s < work.neighbours.most[a]; ++s) {
      const V *p = points_of(plan, work, a) + static_cast<long>(s) * stride(plan);
      V fc, dfc, sum{};
      cutoff(plan, p[RSQ], fc, dfc);
      for (int k = 0; k < plan.radial; ++k) {
        V value, slope;
        radial(plan, p, k, fc, dfc, value, slope);
        sum += t[a * plan.radial + k] * slope;
      }
      for (int c = 0; c < 3; ++c)
        gradient_of(a, s)[c] = sum * p[c];
    }
  each_pair(plan, work, [&](long at, int a, int s, int b, int u, const V *j, const V *k) {
    const Pair p = pair(plan, j, k);
    V of_jj{}, of_kk{}, of_jk{};
    for (int sign = 0; sign < 2; ++sign)
      for (int z = 0; z < plan.zetas; ++z) {
        V P, dP;
        angular(plan, z, sign ? -1.0 : 1.0, p.cosine, P, dP);
        for (int m = 0; m < plan.widths; ++m) {
          const V weight = t[at + (m * 2 + sign) * plan.zetas + z];
          const V ej = j[E + 2 * m], ek = k[E + 2 * m];
          const V apart = weight * P * ej * ek * p.slope[m], turn = weight * dP * ej * ek * p.E[m];
          of_jj += weight * P * j[E + 2 * m + 1] * ek * p.E[m] + apart - turn * p.cosine * j[INVERSE] * j[INVERSE];
          of_kk += weight * P * ej * k[E + 2 * m + 1] * p.E[m] + apart - turn * p.cosine * k[INVERSE] * k[INVERSE];
          of_jk += turn * p.inverse - apart;
        }
      }
    for (int c = 0; c < 3; ++c) {
      gradient_of(a, s)[c] += of_jj * j[c] + of_jk * k[c];
      gradient_of(b, u)[c] += of_kk * k[c] + of_jk * j[c];
    }
  });
  for (int a = 0; a < plan.neighbours.slots; ++a)
    for (int s = 0; s < work.neighbours.most[a]; ++s) {
      const V *slot = (const V *)density::slots_of(work.neighbours, a) + static_cast<long>(s) * density::SLOT;
      for (int lane = 0; lane < lanes; ++lane) {
        const int pair = static_cast<int>(slot[density::PAIR][lane]);
        for (int c = 0; pair >= 0 && c < 3; ++c)
          grad[pair][c] = gradient_of(a, s)[c][lane];
      }
    }
}

const Entry kernels = {lanes, gather, values, gradient};

} // namespace

const Entry *entry(With<Isa::DBAR_ISA>) {
  return &kernels;
}

} // namespace dbar::acsf
