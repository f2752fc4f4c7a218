// B = factor sum_m c_qlm c_plm of a list of products, their derivatives and their adjoint.
#pragma once

#include "kernels/isa/simd.h"
#include "kernels/soap/lanes/chosen.h"

namespace dbar::soap {
namespace {

DBAR_INLINE V product_sum(const V *x, const V *y, int harmonics, long step) {
  V sum{};
  for (int m = 0; m < harmonics; ++m)
    sum += x[m * step] * y[m * step];
  return sum;
}

void chosen_values(const Chosen &chosen, const double *c, double *B) {
  V *out = (V *)B;
  for (const Product *k = chosen.product; k < chosen.product + chosen.count; ++k, ++out) {
    const V *of_l = (const V *)c + static_cast<long>(k->l * k->l) * chosen.channels;
    *out += k->factor * product_sum(of_l + k->q, of_l + k->p, 2 * k->l + 1, chosen.channels);
  }
}

void chosen_strains(const Chosen &chosen, const double *c, const double *dc, double *B, double *dB) {
  chosen_values(chosen, c, B);
  const long component = static_cast<long>(chosen.lmax + 1) * (chosen.lmax + 1) * chosen.channels;
  V *out = (V *)dB;
  for (const Product *k = chosen.product; k < chosen.product + chosen.count; ++k, out += 6) {
    const long at = static_cast<long>(k->l * k->l) * chosen.channels;
    const V *of_l = (const V *)c + at, *d = (const V *)dc + at;
    for (int s = 0; s < 6; ++s, d += component)
      out[s] += k->factor * (product_sum(d + k->q, of_l + k->p, 2 * k->l + 1, chosen.channels) +
                             product_sum(of_l + k->q, d + k->p, 2 * k->l + 1, chosen.channels));
  }
}

void chosen_adjoint(const Chosen &chosen, const double *c, const double *theta, double *A) {
  const V *weight = (const V *)theta;
  for (const Product *k = chosen.product; k < chosen.product + chosen.count; ++k, ++weight) {
    const long at = static_cast<long>(k->l * k->l) * chosen.channels;
    const V *of_l = (const V *)c + at, factor = k->factor * *weight;
    V *to = (V *)A + at;
    for (int m = 0; m < 2 * k->l + 1; ++m) {
      const long step = static_cast<long>(m) * chosen.channels;
      to[step + k->q] += factor * of_l[step + k->p];
      to[step + k->p] += factor * of_l[step + k->q];
    }
  }
}

const ChosenEntry chosen_kernels = {chosen_values, chosen_strains, chosen_adjoint};

} // namespace

const ChosenEntry *chosen_entry(With<Isa::DBAR_ISA>) {
  return &chosen_kernels;
}

} // namespace dbar::soap
