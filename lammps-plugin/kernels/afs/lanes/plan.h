// Sums over m of squares by vector kernels, plain as they are compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar::afs {

// B_nl = sum_l' chebyshev_ll' sum_m c_nl'm^2, at n (lmax + 1) + l.
struct Series {
  int nmax, lmax;
  const double *chebyshev; // [lmax + 1][lmax + 1]
};

// Numbers in vectors of the kernel's width, aligned to it: c and A [(lmax + 1)^2][nmax], dc six of them, B, theta [K],
// dB [K][6].
struct Entry {
  void (*values)(const Series &, const double *c, double *B);
  void (*strains)(const Series &, const double *c, const double *dc, double *B, double *dB);
  void (*adjoint)(const Series &, const double *c, const double *theta, double *A);
};

const Entry *entry(With<Isa::portable>);
const Entry *entry(With<Isa::avx2>); // these two where the compiler has them
const Entry *entry(With<Isa::avx512>);

} // namespace dbar::afs
