// The bispectrum of a density by vector kernels, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar::soap {

// One nonzero element of the coupling of three degrees.
struct Element {
  int m1, m2, m3;
  double value;
};

// Two channels whose coefficients are coupled to the third degree.
struct ChannelPair {
  int q, p;
};

// A component: its three channels, and where the three couplings of two of them are.
struct Component {
  int q1, q2, q3;
  int z12, z13, z23; // vectors from the beginning of the scratch
  int k;
};

// All components of three degrees. Each list of pairs has its couplings one after the other in the scratch: those of
// 1 and 2 with 2 l3 + 1 numbers each, then 1 and 3 with 2 l2 + 1, then 2 and 3 with 2 l1 + 1.
struct Triple {
  int l1, l2, l3;
  int element, elements_end;
  int pair12, pair13, pair23, pairs_end; // each list ends where the next begins
  int component, components_end;
};

struct Triples {
  int channels, lmax, count;
  const Triple *triple;
  const Element *element;
  const ChannelPair *pair;
  const Component *component;
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
