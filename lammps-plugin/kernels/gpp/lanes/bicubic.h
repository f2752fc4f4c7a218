// Bicubic interpolation, once for each instruction set: a vector holds the functions of a node.
#pragma once

#include "kernels/gpp/lanes/plan.h"

namespace dbar::gpp {
namespace {

typedef double F __attribute__((vector_size(8 * functions)));
constexpr int block = 8; // places whose weights are found together

inline __attribute__((always_inline)) F load(const double *from) {
  F x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
inline __attribute__((always_inline)) void store(double *to, F x) {
  __builtin_memcpy(to, &x, sizeof x);
}

// Of the value and the slope at the left end of an interval, then at the right, at each place.
struct Weights {
  double at[4][block], slope[4][block];
  inline __attribute__((always_inline)) void set(int p, double t, double width, double inverse_width) {
    const double u = 1.0 - t, ut = u * t;
    at[0][p] = (1.0 + 2.0 * t) * u * u;
    at[1][p] = ut * u * width;
    at[2][p] = t * t * (3.0 - 2.0 * t);
    at[3][p] = -ut * t * width;
    slope[0][p] = -6.0 * ut * inverse_width;
    slope[1][p] = u * (1.0 - 3.0 * t);
    slope[2][p] = 6.0 * ut * inverse_width;
    slope[3][p] = t * (3.0 * t - 2.0);
  }
};

template <bool by_R, bool by_S>
void interpolate_all(const Bicubic &table, int n, const double *R, const double *S, const Wanted &wanted) {
  constexpr std::size_t node = of_node * functions;
  for (int begin = 0; begin < n; begin += block) {
    const int places = n - begin < block ? n - begin : block;
    double r[block], s[block], inverse[block];
    int i[block], k[block];
    Weights x, y;
    for (int p = 0; p < block; ++p) { // the last places again, where there are no more
      r[p] = R[begin + (p < places ? p : places - 1)];
      s[p] = S[begin + (p < places ? p : places - 1)];
    }
    const int last = static_cast<int>(table.count) - 2;
    for (int p = 0; p < block; ++p) {
      const double place = r[p] * table.inverse_step, root = __builtin_sqrt(s[p]) * table.inverse_root_step;
      i[p] = static_cast<int>(place) < last ? static_cast<int>(place) : last;
      k[p] = static_cast<int>(root) < table.rows - 2 ? static_cast<int>(root) : table.rows - 2;
      const double row = k[p] * table.root_step, height = (2 * k[p] + 1) * table.root_step * table.root_step;
      x.set(p, place - i[p], table.step, table.inverse_step);
      y.set(p, (s[p] - row * row) / height, height, 1.0 / height);
      inverse[p] = 1.0 / r[p];
    }
    for (int p = 0; p < places; ++p) {
      const double *low = table.nodes + (k[p] * table.count + i[p]) * node, *high = low + table.count * node;
      F along[4], turn[4]; // the function and its derivative by S in the lower row, in the upper one; the same by R
      for (int c = 0; c < 4; ++c) {
        const double *at = (c < 2 ? low : high) + 2 * (c & 1) * functions;
        const F f0 = load(at), f1 = load(at + functions), f2 = load(at + node), f3 = load(at + node + functions);
        along[c] = x.at[0][p] * f0 + x.at[1][p] * f1 + x.at[2][p] * f2 + x.at[3][p] * f3;
        if (by_R)
          turn[c] = x.slope[0][p] * f0 + x.slope[1][p] * f1 + x.slope[2][p] * f2 + x.slope[3][p] * f3;
      }
      const F over = {inverse[p], 1.0, 1.0, 1.0};
      const auto combine = [&](const double (*w)[block], const F *row) {
        return over * (w[0][p] * row[0] + w[1][p] * row[1] + w[2][p] * row[2] + w[3][p] * row[3]);
      };
      const F value = combine(y.at, along);
      store(wanted.f[begin + p], value);
      if (by_R) {
        F slope = combine(y.at, turn);
        slope[0] -= value[0] * inverse[p];
        store(wanted.fR[begin + p], slope);
      }
      if (by_S)
        store(wanted.fS[begin + p], combine(y.slope, along));
    }
  }
}

} // namespace

Interpolate interpolate(With<Isa::DBAR_ISA>) {
  return [](const Bicubic &table, int n, const double *R, const double *S, const Wanted &wanted) {
    if (wanted.fR)
      interpolate_all<true, true>(table, n, R, S, wanted);
    else if (wanted.fS)
      interpolate_all<false, true>(table, n, R, S, wanted);
    else
      interpolate_all<false, false>(table, n, R, S, wanted);
  };
}

} // namespace dbar::gpp
