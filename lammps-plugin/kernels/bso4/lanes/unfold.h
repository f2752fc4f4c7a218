// From moments to the matrices U and their six strain derivatives W.
#pragma once

#include "kernels/bso4/lanes/moments.h"

namespace dbar::bso4 {
namespace {

constexpr int strain_parts = 7; // the value, the trace and five traceless components

// Parts are in the order of the plain layout.
void value_parts(const Plan &plan, const Layout &layout, const V *moments, V *out) {
  for (int l = 0; l <= plan.twojmax; ++l)
    for (int m = 0; m < 2 * l + 1; ++m) {
      const V *from = moments + layout.at[l] + m * layout.count[l];
      V *to = out + (plan.plain.at[l] + m * plan.plain.count[l]) * strain_parts;
      for (int j = l; j <= plan.twojmax; ++j)
        to[(j - l) * strain_parts] = from[j - l];
    }
}

// The moments of SLOPE and FALL from those that were summed.
void derive_moments(const Plan &plan, const Layout &layout, V *moments) {
  const int size = plan.twojmax + 1;
  for (int l = 2; l < size; ++l)
    for (int m = 0; m < 2 * l + 1; ++m) {
      V *value = moments + layout.at[l] + m * layout.count[l];
      const V *rise = value + layout.kind[l][RISE] - (l - 2);
      V *slope = value + layout.kind[l][SLOPE];
      for (int j = l; j < size; ++j) {
        const double *kappa = plan.kappa + (l * size + j) * size;
        V sum = (l - 2.0) * value[j - l];
        for (int k = l - 2 + (j - l) % 2; k <= j; k += 2)
          sum += kappa[k] * rise[k];
        slope[j - l] = sum;
      }
    }
  for (int l = 2; l < size; ++l)
    for (int m = 0; m < 2 * l - 3; ++m) {
      V *all_kinds = moments + layout.at[l - 2] + m * layout.count[l - 2];
      const V *value = all_kinds - (l - 2);
      const V *slope = value + layout.kind[l - 2][SLOPE];
      V *fall = all_kinds + layout.kind[l - 2][FALL];
      for (int j = l; j < size; ++j) {
        const double *kappa = plan.kappa + (l * size + j) * size;
        V sum{};
        for (int k = l - 2 + (j - l) % 2; k <= j; k += 2)
          sum += kappa[k] * (slope[k] + (l + 1.0) * value[k]);
        fall[j - l] = sum;
      }
    }
}

// The trace is r F' itself; its place then holds what the traceless components act on.
void trace_parts(const Plan &plan, const Layout &layout, V *moments, V *out) {
  for (int l = 0; l <= plan.twojmax; ++l)
    for (int m = 0; m < 2 * l + 1; ++m) {
      const V *value = moments + layout.at[l] + m * layout.count[l];
      V *slope = moments + layout.at[l] + m * layout.count[l] + layout.kind[l][SLOPE];
      V *to = out + (plan.plain.at[l] + m * plan.plain.count[l]) * strain_parts;
      for (int j = l; j <= plan.twojmax; ++j) {
        to[(j - l) * strain_parts + 1] = slope[j - l];
        slope[j - l] += plan.value_part[l] * value[j - l];
      }
    }
}

// J values of j from l + first on, summed in registers, for the outputs of one l.
template <int J>
void strain_outputs(const Plan &plan, const StrainOutput *begin, const StrainOutput *end, int first, const V *moments,
                    V *out) {
  for (const StrainOutput *o = begin; o < end; ++o) {
    V sum[J] = {};
    const Term *stop = plan.strain_term + o->end;
    for (const Term *term = plan.strain_term + o->begin; term < stop; ++term) {
      const V factor = held(broadcast(term->factor));
      const V *from = moments + term->source + first;
      for (int j = 0; j < J; ++j)
        sum[j] += factor * from[j];
    }
    for (int j = 0; j < J; ++j)
      out[(o->place + first + j) * strain_parts + 2 + o->component] = sum[j];
  }
}

void traceless_parts(const Plan &plan, const V *moments, V *out) {
  using Outputs = void (*)(const Plan &, const StrainOutput *, const StrainOutput *, int, const V *, V *);
  constexpr int most = 9;
  constexpr Outputs outputs[most] = {strain_outputs<1>, strain_outputs<2>, strain_outputs<3>,
                                     strain_outputs<4>, strain_outputs<5>, strain_outputs<6>,
                                     strain_outputs<7>, strain_outputs<8>, strain_outputs<9>};
  const StrainOutput *begin = plan.strain_output;
  for (int l = 0; l <= plan.twojmax; ++l) {
    const StrainOutput *end = begin + 5 * (2 * l + 1);
    for (int j = 0, count; j <= plan.twojmax - l; j += count) {
      count = plan.twojmax + 1 - l - j < most ? plan.twojmax + 1 - l - j : most;
      outputs[count - 1](plan, begin, end, j, moments, out);
    }
    begin = end;
  }
}

template <int PARTS> void unfold(const Plan &plan, const V *parts, V *uw) {
  for (const Output *o = plan.unfold; o < plan.unfold + 2 * plan.half_elements; ++o) {
    V sum[PARTS] = {};
    const Term *end = plan.unfold_term + o->end;
    for (const Term *term = plan.unfold_term + o->begin; term < end; ++term) {
      const V factor = broadcast(term->factor);
      const V *from = parts + term->source * PARTS;
      for (int c = 0; c < PARTS; ++c)
        sum[c] += factor * from[c];
    }
    V *to = uw + (o->place / 2) * 2 * PARTS + o->place % 2;
    for (int c = 0; c < PARTS; ++c)
      to[2 * c] = sum[c];
  }
}

// The centre itself, u = 1, in the lanes that hold one; and the full matrices, without weights.
void complete(const Plan &plan, V self, int parts, V *uw, V *u) {
  for (int j = 0; j <= plan.twojmax; ++j) {
    V *from = uw + plan.half_at[j] * 2 * parts;
    V *matrix = u + 2 * matrix_at(j);
    const int last = (j + 1) * (j + 1) - 1;
    for (int ma = 0; ma <= j; ++ma)
      for (int mb = 0; 2 * mb < j || (2 * mb == j && ma <= mb); ++mb, from += 2 * parts) {
        const int e = mb * (j + 1) + ma;
        const bool centre = 2 * e == last;
        if (ma == mb)
          from[0] += centre ? self : 2.0 * self;
        const double unweight = centre ? 1.0 : 0.5;
        const V re = unweight * from[0], im = unweight * from[1];
        const double sign = (ma + mb) % 2 ? -1.0 : 1.0;
        matrix[2 * (last - e)] = sign * re;
        matrix[2 * (last - e) + 1] = -sign * im;
        matrix[2 * e] = re;
        matrix[2 * e + 1] = im;
      }
  }
}

} // namespace
} // namespace dbar::bso4
