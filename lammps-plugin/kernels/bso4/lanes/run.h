// The kernels for one instruction set: included by a file that says DBAR_LANES and DBAR_ENTRY.
#include "adjoint.h"
#include "contract.h"
#include "couple.h"
#include "unfold.h"

namespace dbar::bso4 {

namespace {

DBAR_INLINE V occupied(const Batch &batch, int begin) {
  V self{};
  for (int lane = 0; lane < lanes; ++lane)
    self[lane] = begin + lane < batch.n ? 1.0 : 0.0;
  return self;
}

// Everything up to U (and W); returns the number of slots.
int matrices(const Plan &plan, const Work &work, const Batch &batch, int begin, bool strain) {
  const Layout &layout = strain ? plan.strained : plan.plain;
  V *moments = (V *)work.moments, *parts = (V *)work.parts, *uw = (V *)work.uw;
  const int slots = gather(plan, work, batch, begin);
  sum_moments(plan, layout, strain, work, slots);
  const int count = strain ? strain_parts : 1;
  value_parts(plan, layout, moments, count, parts);
  if (strain) {
    derive_moments(plan, layout, moments);
    trace_parts(plan, layout, moments, parts);
    traceless_parts(plan, moments, parts);
    unfold<strain_parts>(plan, parts, uw);
  } else {
    unfold<1>(plan, parts, uw);
  }
  complete(plan, occupied(batch, begin), count, uw, (V *)work.u);
  return slots;
}

void accumulate(const Plan &plan, const Work &work, const Batch &batch, int begin, bool strain) {
  matrices(plan, work, batch, begin, strain);
  const Couplings &couplings = strain ? plan.strain : plan.value;
  couple<false>(couplings, (const V *)work.u, (V *)work.z);
  contract(couplings, strain, (const V *)work.uw, (const V *)work.z, (V *)work.value, (V *)work.strain);
}

void gradient(const Plan &plan, const Work &work, const Couplings &adjoint, const Batch &batch, int begin,
              double (*grad)[3], double *energy) {
  const int slots = matrices(plan, work, batch, begin, false);
  V *y = (V *)work.z;
  for (int i = 0; i < 2 * plan.half_elements; ++i)
    y[i] = V{};
  couple<true>(adjoint, (const V *)work.u, y);
  if (energy) {
    V sum{};
    const V *uw = (const V *)work.uw;
    for (int i = 0; i < 2 * plan.half_elements; ++i)
      sum += uw[i] * y[i];
    for (int lane = 0; lane < lanes; ++lane)
      energy[lane] = sum[lane];
  }
  V *parts = (V *)work.parts;
  fold(plan, y, parts);
  neighbour_gradients(plan, work, slots, parts, grad);
}

const Entry entry = {DBAR_ISA_NAME, lanes, accumulate, gradient};

} // namespace

const Entry *DBAR_ENTRY() {
  return &entry;
}

} // namespace dbar::bso4
