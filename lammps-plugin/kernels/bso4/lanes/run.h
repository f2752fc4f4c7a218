// The kernels for one instruction set: included by the files that are compiled for one.
#pragma once

#include "kernels/bso4/lanes/adjoint.h"
#include "kernels/bso4/lanes/contract.h"
#include "kernels/bso4/lanes/couple.h"
#include "kernels/bso4/lanes/unfold.h"

namespace dbar::bso4 {

namespace {

DBAR_INLINE V occupied(const Batch &batch, int begin) {
  V self{};
  for (int lane = 0; lane < lanes; ++lane)
    self[lane] = begin + lane < batch.n ? 1.0 : 0.0;
  return self;
}

template <int J> struct Known {
  static constexpr int value = J;
};

// Calls with the twojmax of common use as a constant, which unrolls the loops over j, l and m, and
// with zero for any other and where the registers are too few for it.
template <class Use> DBAR_INLINE void with_known(int twojmax, Use use) {
  switch (lanes > 2 ? twojmax : 0) {
  case 2:
    return use(Known<2>());
  case 3:
    return use(Known<3>());
  case 4:
    return use(Known<4>());
  case 5:
    return use(Known<5>());
  case 6:
    return use(Known<6>());
  case 7:
    return use(Known<7>());
  case 8:
    return use(Known<8>());
  default:
    return use(Known<0>());
  }
}

// Everything up to U (and W); returns the number of slots.
int matrices(const Plan &plan, const Work &work, const Batch &batch, int begin, bool strain) {
  const Layout &layout = strain ? plan.strained : plan.plain;
  V *moments = (V *)work.moments, *parts = (V *)work.parts, *uw = (V *)work.uw;
  const int slots = gather(plan, work, batch, begin);
  with_known(plan.twojmax, [&](auto j) { sum_moments<decltype(j)::value>(plan, layout, strain, work, slots); });
  if (strain) {
    value_parts(plan, layout, moments, parts);
    derive_moments(plan, layout, moments);
    trace_parts(plan, layout, moments, parts);
    traceless_parts(plan, moments, parts);
    unfold<strain_parts>(plan, parts, uw);
  } else {
    unfold<1>(plan, moments, uw);
  }
  complete(plan, occupied(batch, begin), strain ? strain_parts : 1, uw, (V *)work.u);
  return slots;
}

void accumulate(const Plan &plan, const Work &work, const Batch &batch, int begin, bool strain) {
  matrices(plan, work, batch, begin, strain);
  const Couplings &couplings = strain ? plan.strain : plan.value;
  couple<false>(couplings, (const V *)work.u, (V *)work.z);
  contract(couplings, strain, (const V *)work.uw, (const V *)work.z, (V *)work.value, (V *)work.strain);
}

DBAR_INLINE void set_zero(V *x, int count) {
  for (int i = 0; i < count; ++i)
    x[i] = V{};
}

// From the adjoint of U to the neighbours.
void pull_back(const Plan &plan, const Work &work, int slots, const V *y, double (*grad)[3]) {
  V *parts = (V *)work.parts;
  fold(plan, y, parts);
  with_known(plan.twojmax, [&](auto j) { neighbour_gradients<decltype(j)::value>(plan, work, slots, parts, grad); });
}

void gradient(const Plan &plan, const Work &work, const Couplings &adjoint, const Batch &batch, int begin,
              double (*grad)[3], double *energy) {
  const int slots = matrices(plan, work, batch, begin, false);
  V *y = (V *)work.z;
  set_zero(y, 2 * plan.half_elements);
  couple<true>(adjoint, (const V *)work.u, y);
  if (energy) {
    V sum{};
    const V *uw = (const V *)work.uw;
    for (int i = 0; i < 2 * plan.half_elements; ++i)
      sum += uw[i] * y[i];
    for (int lane = 0; lane < lanes; ++lane)
      energy[lane] = sum[lane];
  }
  pull_back(plan, work, slots, y, grad);
}

int values_of_each(const Plan &plan, const Work &work, const Batch &batch, int begin) {
  const int slots = matrices(plan, work, batch, begin, false);
  V *value = (V *)work.value;
  couple<false>(plan.strain, (const V *)work.u, (V *)work.z);
  set_zero(value, plan.components);
  contract(plan.strain, false, (const V *)work.uw, (const V *)work.z, value, nullptr);
  return slots;
}

void gradient_of_each(const Plan &plan, const Work &work, int slots, double (*grad)[3]) {
  V *y = (V *)work.uw; // U has done its part
  set_zero(y, 2 * plan.half_elements);
  add_theta(plan.strain, (const V *)work.theta, (const V *)work.z, y);
  pull_back(plan, work, slots, y, grad);
}

const Entry kernels = {lanes, accumulate, gradient, values_of_each, gradient_of_each};

} // namespace

const Entry *entry(With<Isa::DBAR_ISA>) {
  return &kernels;
}

} // namespace dbar::bso4
