// What the vector kernels of a density of neighbours compute, as plain tables: coefficients
//   c_Qlm = sum_j F_nl(r_j) Y_lm(r_j/|r_j|), Q = (a, n) with the species a of the neighbour,
// of each centre, their six strain derivatives, and the way back from dE/dc to dE/dr_j. Only plain pointers in here:
// this header is compiled for several instruction sets, and no function may be shared between them.
#pragma once

#include "kernels/density/layout.h"
#include "kernels/density/recursion_tables.h"
#include "kernels/descriptor.h"
#include "kernels/isa/dispatch.h"

namespace dbar::density {

// Functions between knots in u = sqrt(r^2 + shift^2), quintic, times the cutoff function and the weight of the
// distance.
struct Splines {
  double shift, spacing;
  int intervals, padded; // functions, filled up with zeros to a multiple of 8
  const double *knots;   // [intervals + 1][3][padded] f, h df/du, h^2 d2f/du2; a table for each set of functions
  long of_a_set;         // numbers of such a table; 0: there is one
  double rcut, width;    // the cutoff function falls from rcut - width on; width 0: there is none
  double c, r0, m;       // weight c / (c + (r / r0)^m); c 0: there is none
};

// Functions that meet the harmonics Y_L, in this order, for F of degree l and H = r F' - l F.
enum Kind {
  VALUE, // F               l = L
  SAME,  // H               l = L
  RISE,  // H               l = L - 2
  FALL,  // H + (2l+1) F    l = L + 2
  KINDS
};

struct StrainTerm {
  int source; // the first of nmax moments
  double factor;
};

struct StrainOutput {
  int lm, component; // of the five that are traceless
  int begin, end;    // terms
};

// From X_lm to its gradient, at l (l+1)/2 + m: factors of the harmonics of degree l-1 and order m, m-1 and m+1.
struct Gradient {
  const double *level, *below, *above;
};

struct Plan {
  int nmax, lmax, species, slots; // slots: species of neighbours that are expanded
  const int *slot_of;             // [species], -1: not expanded
  const double *weight;           // [species] of a neighbour
  const int *set;                 // [species][species] functions of a centre's and a neighbour's; null: there is one
  double rcutsq;
  // Solid: harmonics are X = r^l Y, and splines give F / r^l for each l and n, with 2 d(F / r^l)/d(r^2). Else harmonics
  // are those of the unit vector, and splines give one function F for each n, of all l.
  bool solid;
  Splines splines;
  Recursion harmonics; // their mean square is 1 with constant 1
  double constant;     // Y_00
  Gradient gradient;
  Layout value, strained;
  const int (*kind)[KINDS]; // [L] in the strained layout: function of n = 0, counted from at[L]
  const double *same_part;  // [l] the strain that leaves l as it is acts on r F' + same_part F
  int strain_outputs;
  const StrainOutput *strain_output;
  const StrainTerm *strain_term;
  const double *own; // [species][nmax] what a centre adds to the c_n00 of its species, null if nothing
};

enum { SX, SY, SZ, PAIR, WEIGHT, SET, SLOT };

constexpr int slot_block = 16; // neighbours whose functions are held at a time

// Sizes and pointers in vectors of the kernel's width, aligned to it.
struct Work {
  const int *order;  // [batch.n] centres, those with as many neighbours together
  int room;          // for neighbours of one species
  int *count, *most; // [slots][lanes] neighbours of each species, [slots] the largest number in a lane
  double *slot;      // [slots][room][SLOT] x y z, the index of the pair, -1 for none, the weight, 0 for none, the set
  double *functions; // [slot_block][functions]
  double *radial;    // [2][padded] values and slopes of one neighbour in each lane
  double *harmonics; // [slot_block][(lmax + 3)^2]
  double *moments;   // [slots][layout.moments]
  double *c;         // [(lmax + 1)^2][slots nmax]
  double *dc;        // [6][(lmax + 1)^2][slots nmax] by trace, 2zz-xx-yy, xx-yy, xy, xz, yz
};

struct Entry {
  int lanes;
  // The neighbours of the centres order[begin] ... order[begin + lanes - 1], which the others work on.
  void (*gather)(const Plan &, const Work &, const Batch &, int begin);
  // Adds theirs to the moments.
  void (*add_moments)(const Plan &, const Work &, const Batch &, int begin, bool strain);
  // c of the moments and, if strain, dc; the moments are used up.
  void (*coefficients)(const Plan &, const Work &, bool strain);
  // Writes dE/dr of the neighbours; adjoint holds dE/dc as c is held.
  void (*pull_back)(const Plan &, const Work &, const double *adjoint, double (*grad)[3]);
};

const Entry *entry(With<Isa::portable>);
const Entry *entry(With<Isa::avx2>); // these two where the compiler has them
const Entry *entry(With<Isa::avx512>);

} // namespace dbar::density
