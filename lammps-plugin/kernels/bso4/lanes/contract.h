// B_k = norm <U_t, Z> and V_k = sum over targets of factor <W_t, Z>.
#pragma once

#include "kernels/bso4/lanes/work.h"
#include "kernels/isa/simd.h"

namespace dbar::bso4 {
namespace {

// NB blocks of one target meet COUNT of the parts from FIRST on, of STRIDE.
template <int NB, int FIRST, int COUNT, int STRIDE>
DBAR_INLINE void contract_blocks(const BlockPlan *block, int elements, const V *uw, const V *z, V *value, V *strain) {
  V acc[NB][COUNT] = {};
  const V *zb[NB];
  for (int b = 0; b < NB; ++b)
    zb[b] = z + 2 * block[b].z;
  for (int e = 0; e < elements; ++e) {
    const V *x = uw + (e * STRIDE + FIRST) * 2;
    for (int ri = 0; ri < 2; ++ri) {
      V part[NB];
      for (int b = 0; b < NB; ++b)
        part[b] = zb[b][2 * e + ri];
      for (int c = 0; c < COUNT; ++c) {
        const V w = lanes == 8 ? held(x[2 * c + ri]) : x[2 * c + ri]; // as many registers as there are
        for (int b = 0; b < NB; ++b)
          acc[b][c] += w * part[b];
      }
    }
  }
  for (int b = 0; b < NB; ++b) {
    const int k = block[b].component;
    if (FIRST == 0)
      value[k] += block[b].norm * acc[b][0];
    for (int c = FIRST == 0 ? 1 : 0; c < COUNT; ++c)
      strain[6 * k + c + FIRST - 1] += block[b].factor * acc[b][c];
  }
}

template <int FIRST, int COUNT, int STRIDE>
DBAR_INLINE void contract_group(const Group &group, const BlockPlan *block, const V *uw, const V *z, V *value,
                                V *strain) {
  const V *x = uw + group.uw * STRIDE * 2;
  constexpr int most = lanes == 8 ? 3 : 2; // what the registers hold
  for (int b = 0; b < group.blocks; b += most) {
    const BlockPlan *these = block + group.begin + b;
    const int left = group.blocks - b;
    if (left >= 3 && most == 3)
      contract_blocks<3, FIRST, COUNT, STRIDE>(these, group.elements, x, z, value, strain);
    else if (left >= 2)
      contract_blocks<2, FIRST, COUNT, STRIDE>(these, group.elements, x, z, value, strain);
    else
      contract_blocks<1, FIRST, COUNT, STRIDE>(these, group.elements, x, z, value, strain);
  }
}

void contract(const Couplings &c, bool with_strain, const V *uw, const V *z, V *value, V *strain) {
  for (int g = 0; g < c.groups; ++g) {
    const Group &group = c.group[g];
    if (with_strain && group.value)
      contract_group<0, 7, 7>(group, c.block, uw, z, value, strain);
    else if (with_strain)
      contract_group<1, 6, 7>(group, c.block, uw, z, value, strain);
    else if (group.value)
      contract_group<0, 1, 1>(group, c.block, uw, z, value, strain);
  }
}

} // namespace
} // namespace dbar::bso4
