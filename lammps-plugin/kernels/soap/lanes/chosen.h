// Some components of the power spectrum by vector kernels, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar::soap {

// factor sum_m c_qlm c_plm
struct Product {
  int q, p, l;
  double factor;
};

struct Chosen {
  int channels, lmax, count;
  const Product *product;
};

// As in plan.h.
struct ChosenEntry {
  void (*values)(const Chosen &, const double *c, double *B);
  void (*strains)(const Chosen &, const double *c, const double *dc, double *B, double *dB);
  void (*adjoint)(const Chosen &, const double *c, const double *theta, double *A);
};

const ChosenEntry *chosen_entry(With<Isa::portable>);
const ChosenEntry *chosen_entry(With<Isa::avx2>); // these two where the compiler has them
const ChosenEntry *chosen_entry(With<Isa::avx512>);

} // namespace dbar::soap
