// The bispectrum of a density by vector kernels, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar::soap {

// Two coefficients that are coupled, as places among those of their degrees.
struct Element {
  int x, y;
  double value;
};

// Channels q and p, p + 1 ... whose coefficients are coupled to the third degree.
struct ChannelRun {
  int q, p, count;
};
constexpr int longest_run = 4; // as many sums as fit in registers

// Two degrees coupled to a third, for all runs of a list: the 2l + 1 numbers of a pair follow each other, then those of
// the next pair. The elements that add to number m are bound[m] to bound[m + 1].
struct Pairing {
  int lx, ly, l;
  int bound;
  int run, runs_end;
};

// Components k, k + 1 ... whose channels are q1, q2 and q3, q3 + 1 ...; and where the couplings of two of the three
// are, vectors from the beginning of the scratch: z13 and z23 are those of q3, the next follow.
struct ComponentRun {
  int q1, q2, q3, count;
  int z12, z13, z23;
  int k;
};

// All components of three degrees.
struct Triple {
  int l1, l2, l3;
  Pairing of12, of13, of23;
  int component, components_end;
};

struct Triples {
  int channels, lmax, count;
  const Triple *triple;
  const int *bound;
  const Element *element;
  const ChannelRun *run;
  const ComponentRun *component;
};

// As in plan.h, with scratch.
struct TripleEntry {
  void (*values)(const Triples &, const double *c, double *B, double *scratch);
  void (*strains)(const Triples &, const double *c, const double *dc, double *B, double *dB, double *scratch);
  void (*adjoint)(const Triples &, const double *c, const double *theta, double *A, double *scratch);
};

const TripleEntry *triple_entry(With<Isa::portable>);
const TripleEntry *triple_entry(With<Isa::avx2>); // these two where the compiler has them
const TripleEntry *triple_entry(With<Isa::avx512>);

} // namespace dbar::soap
