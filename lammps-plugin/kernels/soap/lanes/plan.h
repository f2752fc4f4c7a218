// The power spectrum by vector kernels, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar::soap {

// Components (Q, Q', l) with Q <= Q', at pair(Q, Q') (lmax + 1) + l; the pairs in the order (0,0), (0,1) ... (1,1) ...
struct Power {
  int channels, lmax;
  const double *norm; // [l] of Q = Q'; others have sqrt 2 of it
};

// Numbers in vectors of the kernel's width, aligned to it: c and A [(lmax + 1)^2][channels], dc six of them, B, theta
// [K], dB [K][6].
struct Entry {
  void (*values)(const Power &, const double *c, double *B);
  void (*strains)(const Power &, const double *c, const double *dc, double *B, double *dB);
  void (*adjoint)(const Power &, const double *c, const double *theta, double *A);
};

const Entry *entry(With<Isa::portable>);
const Entry *entry(With<Isa::avx2>); // these two where the compiler has them
const Entry *entry(With<Isa::avx512>);

} // namespace dbar::soap
