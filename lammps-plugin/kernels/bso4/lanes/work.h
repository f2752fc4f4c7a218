// Scratch memory of the vector kernels and their entry points, plain as plan.h.
#pragma once

#include "kernels/bso4/lanes/plan.h"
#include "kernels/bso4/limits.h"
#include "kernels/descriptor.h"
#include "kernels/isa/dispatch.h"

namespace dbar::bso4 {

constexpr int point_size = 9;
constexpr int slot_block = 24; // neighbours whose functions are held at a time

// Sizes and pointers in vectors of the kernel's width, aligned to it.
struct Work {
  const int *order;  // [batch.n] centres, those with as many neighbours together
  int slots;         // room for neighbours
  double *slot;      // [slots][6] x y z scale weight; the sixth holds the index of the pair
  double *point;     // [slots][point_size] what neighbours.h makes of a slot
  double *functions; // [slot_block][functions]
  double *harmonics; // [slot_block][(largest + 1)^2]
  double *moments;
  double *parts;  // [offset(twojmax + 1)][components]
  double *u;      // [offset(twojmax + 1)][2] full matrices
  double *uw;     // [half_elements][components][2]
  double *z;      // [z_elements][2], or the adjoint; in the memory of functions and harmonics
  double *value;  // [K]
  double *theta;  // [K] of each lane
  double *strain; // [K][6]
};

struct Entry {
  int lanes;
  // Adds lane-wise sums of the centres order[begin] ... order[begin + lanes - 1] to work.value and, if strain, to
  // work.strain in the basis trace, 2zz-xx-yy, xx-yy, xy, xz, yz.
  void (*accumulate)(const Plan &, const Work &, const Batch &, int begin, bool strain);
  // Writes dE/dr of the neighbours of these centres; adjoint holds Couplings scaled by theta.
  // energy (may be null): [lanes] sum over the half matrices <Y, U> = 3 E.
  void (*gradient)(const Plan &, const Work &, const Couplings &adjoint, const Batch &, int begin, double (*grad)[3],
                   double *energy);
  // With a theta of each centre: writes B of these centres to work.value and keeps Z; returns the number of slots, for
  // which the second, after work.theta has been filled, writes dE/dr.
  int (*values_of_each)(const Plan &, const Work &, const Batch &, int begin);
  void (*gradient_of_each)(const Plan &, const Work &, int slots, double (*grad)[3]);
};

const Entry *entry(With<Isa::portable>);
const Entry *entry(With<Isa::avx2>); // these two where the compiler has them
const Entry *entry(With<Isa::avx512>);

} // namespace dbar::bso4
