// Entry points of lane_copy.h, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

namespace dbar {

struct LaneCopies {
  void (*to_rows)(int K, int count, const double *x, const int *row, double *out);
  void (*to_lanes)(int K, const double *rows, double *x);
  void (*products)(int n, const double *x, const double *y, double *sum);
};

const LaneCopies *lane_copies(With<Isa::portable>);
const LaneCopies *lane_copies(With<Isa::avx2>); // these two where the compiler has them
const LaneCopies *lane_copies(With<Isa::avx512>);

} // namespace dbar
