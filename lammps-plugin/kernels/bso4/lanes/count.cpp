// Multiplications with their additions, as the tables say: for comparison with what a core can do.
#include "kernels/bso4/lanes/count.h"

#include <algorithm>

namespace dbar::bso4 {

namespace {

double coupling(const Couplings &c) {
  double sum = 0.0;
  for (const UnitRange *range = c.range; range < c.range + c.ranges; ++range)
    for (const Unit *unit = c.unit + range->begin; unit < c.unit + range->end; ++unit) {
      const int pairs = unit->end - unit->begin;
      // A complex product and T real factors; the other sum is left out where it has one term.
      sum += pairs * range->a_pairs * (4.0 + 2.0 * range->targets);
      sum += 2.0 * range->targets * (range->a_pairs == 1 ? 1 : pairs);
    }
  return sum;
}

double contraction(const Couplings &c, bool strain) {
  double sum = 0.0;
  for (const Group *g = c.group; g < c.group + c.groups; ++g)
    sum += 2.0 * g->blocks * g->elements * ((strain ? 6 : 0) + (g->value ? 1 : 0));
  return sum;
}

double terms(const Output *map, int outputs) {
  double sum = 0.0;
  for (const Output *o = map; o < map + outputs; ++o)
    sum += o->end - o->begin;
  return sum;
}

double strain_map(const Plan &plan) {
  const int size = plan.twojmax + 1;
  double sum = 0.0;
  for (const StrainOutput *o = plan.strain_output; o < plan.strain_output + plan.strain_outputs; ++o)
    sum += (o->end - o->begin) * (size - o->l);
  for (int l = 2; l < size; ++l) // SLOPE of 2l + 1 harmonics and FALL, of two terms, of 2l - 3
    for (int j = l; j < size; ++j)
      sum += (2 * l + 1 + 2 * (2 * l - 3)) * (j - l + 4) / 2;
  return sum;
}

double products(const Layout &layout) {
  double sum = 0.0;
  for (int L = 0; L <= layout.largest; ++L)
    sum += layout.summed[L] * (2 * L + 1);
  return sum;
}

// Unit vector, two sines and cosines, weight; chi; Y.
constexpr double point = 60.0;
double characters(int twojmax) {
  return 1.5 * (twojmax + 1) * (twojmax + 2);
}
double harmonics(int largest) {
  return 2.5 * (largest + 1) * (largest + 2);
}

} // namespace

Operations count(const Plan &plan, Task task) {
  const int size = plan.twojmax + 1, halves = 2 * plan.half_elements;
  const int functions = size * (size + 1) / 2, moments = size * (size + 1) * (2 * size + 1) / 6;
  const bool strain = task == Task::strain;
  const Layout &layout = strain ? plan.strained : plan.plain;
  Operations n{};
  n.per_neighbour = point + characters(plan.twojmax) + harmonics(layout.largest) + products(layout);
  n.per_neighbour += strain ? 6.0 * functions : 1.0 * functions; // F; G of four, and r F' - l F
  n.per_centre = terms(plan.unfold, halves) * (strain ? 7 : 1);
  if (task != Task::gradient) {
    const Couplings &c = strain ? plan.strain : plan.value;
    n.per_centre += coupling(c) + contraction(c, strain) + (strain ? strain_map(plan) : 0.0);
    return n;
  }
  // The adjoint has the blocks of the strain couplings; then back, and once more each neighbour:
  // q and q' of all moments, chi and its slope, the polynomials and six sums with them.
  n.per_centre += coupling(plan.strain) + halves + terms(plan.fold, moments);
  n.per_neighbour += point + characters(plan.twojmax) + 2.0 * functions + 2.0 * moments + 10.0 * functions;
  return n;
}

} // namespace dbar::bso4
