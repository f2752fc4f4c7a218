// Bicubic interpolation of several functions at once, plain as it is compiled for several instruction sets.
#pragma once

#include "kernels/isa/dispatch.h"

#include <cstddef>

namespace dbar::gpp {

constexpr int functions = 4; // of a node, beside each other
constexpr int of_node = 4;   // each function, by R, by S, by both

struct Bicubic {
  const double *nodes; // [row][distance][of_node][functions]
  std::size_t count;   // distances of a row, from 0
  double step, inverse_step;
  int rows; // the variances of row k are (k root_step)^2
  double root_step, inverse_root_step;
};

// Functions at n places, with derivatives where there is room for them (null: not wanted); the first function over R.
struct Wanted {
  double (*f)[functions], (*fR)[functions], (*fS)[functions];
};
using Interpolate = void (*)(const Bicubic &, int n, const double *R, const double *S, const Wanted &);

Interpolate interpolate(With<Isa::portable>);
Interpolate interpolate(With<Isa::avx2>); // these two where the compiler has them
Interpolate interpolate(With<Isa::avx512>);

} // namespace dbar::gpp
