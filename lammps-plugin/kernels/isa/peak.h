// The most multiply-adds that a core does in a given time with vectors of one instruction set: compiled for each.
#pragma once

#include "kernels/isa/dispatch.h"
#include "kernels/isa/simd.h"

namespace dbar {

// Does rounds times some multiply-adds that do not wait for each other; returns their number.
double multiply_adds(With<Isa::DBAR_ISA>, long rounds) {
  constexpr int chains = 12; // more than latency times throughput of any processor so far
  V x[chains];
  for (int k = 0; k < chains; ++k)
    x[k] = broadcast(k);
  const V factor = held(broadcast(0.999)), summand = held(broadcast(0.001));
  for (long i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k)
      x[k] = held(factor * x[k] + summand);
  V sum{};
  for (int k = 0; k < chains; ++k)
    sum += x[k];
  volatile double used = sum[0]; // else nothing need be done
  (void)used;
  return static_cast<double>(rounds) * chains * lanes;
}

} // namespace dbar
