// Symmetry functions by vector kernels, plain as they are compiled for several instruction sets.
#pragma once

#include "kernels/density/lanes/plan.h"
#include "kernels/isa/dispatch.h"

namespace dbar::acsf {

struct Plan {
  density::Plan neighbours; // who counts; nothing else of it
  double rcut;
  int radial; // functions of the distance, for each species
  const double *eta2, *shift2;
  int widths, zetas;        // of functions of the angle: widths 2 zetas for each pair of species
  const double *eta, *zeta; // zeta: those that are whole are powers
  int components() const {
    return neighbours.slots * radial + neighbours.slots * (neighbours.slots + 1) / 2 * widths * 2 * zetas;
  }
};

constexpr int most_widths = 21; // of grid 20
constexpr int fixed = 6;        // x y z, r^2, 1 / r and the weight

// Numbers in vectors of the kernel's width, aligned to it.
struct Work {
  density::Work neighbours;
  double *point;    // [slots][room][fixed + 2 widths]: E = exp(-eta r^2) fc and 2 dE/d(r^2) of each width
  double *gradient; // [slots][room][3]
};

struct Entry {
  int lanes;
  void (*gather)(const Plan &, const Work &, const Batch &, int begin);
  // Adds to B[K] and, unless dB is null, to dB[K][6] in Voigt's order.
  void (*values)(const Plan &, const Work &, double *B, double *dB);
  // theta[K]
  void (*gradient)(const Plan &, const Work &, const double *theta, double (*grad)[3]);
};

const Entry *entry(With<Isa::portable>);
const Entry *entry(With<Isa::avx2>); // these two where the compiler has them
const Entry *entry(With<Isa::avx512>);

} // namespace dbar::acsf
