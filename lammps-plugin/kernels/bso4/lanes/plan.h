// What the vector kernels compute, as plain tables. A centre's neighbours enter as moments
//   <F, Y_lm> = sum_j F(r_j) Y_lm(n_j)
// because u^j = sum_l chi_jl(theta) T^j_l Y_l: radial functions times real spherical harmonics
// (Varshalovich 4.5.2). Only plain pointers in here: this header is compiled for several
// instruction sets, and no function may be shared between them.
#pragma once

#include "kernels/density/layout.h"
#include "kernels/density/recursion_tables.h"

namespace dbar::bso4 {

// Radial functions that meet the harmonics Y_L, in this order, for one component u^j of degree l
// and F(r) = f(r) chi_jl(theta(r)).
enum Kind {
  VALUE, // F                l = L
  RISE,  // r F' - l F       l = L - 2
  SLOPE, // r F'             l = L
  FALL,  // r F' + (l+1) F   l = L + 2
  KINDS
};
// chi_jl is a sum of chi_j'l-2 with factors kappa^l_jj', as sin^2 is a polynomial of the cosine.
// So only VALUE and RISE (SLOPE where L < 2) are summed over neighbours: with l = L,
//   SLOPE_jL = (L-2) VALUE_jL + sum_j' kappa^L_jj' RISE_j'L   and with l = L + 2
//   FALL_jL = sum_j' kappa^l_jj' (SLOPE_j'L + (l+1) VALUE_j'L).

struct Layout : density::Layout {
  const int (*kind)[KINDS]; // [L][kind] function of the smallest j, counted from at[L]
};

struct Term {
  int source;
  double factor;
};

// One output of a sparse linear map: the terms [begin, end). Outputs with as many terms follow each
// other: loops of the same length are what a processor foresees best.
struct Output {
  int place, begin, end;
};

// A strain component of the moments (l, m) for all j >= l at once:
// out[place + j - l] = sum over terms of factor * moment[source + j - l].
struct StrainOutput {
  int l, place, component;
  int begin, end;
};

// Z(j1,j2 -> t) for all targets t of a pair, in descending order. With sa = ma1 + ma2 and
// sb = mb1 + mb2 an element of Z is a double sum over a-pairs and b-pairs. A unit of work is one
// sa and one sb, with the targets that reach both. Places in U and Z count vectors.
struct Unit {
  int u1, u2;      // ma1 rises from here while ma2 falls
  int ca;          // coefficients [a-pair][targets]
  int begin, end;  // b-pairs
  int cb, cb_step; // coefficients [b-pair][cb_step], of which the first ones are used
  int z;           // into z_at: the element of each target
};
struct ColumnPair {
  int u1, u2; // where the columns mb1 of U_j1 and mb2 of U_j2 begin
};
struct UnitRange { // units with the same number of a-pairs and of targets
  int a_pairs, targets;
  int begin, end;
};

// One block of Z against U and W of its target.
struct BlockPlan {
  int z; // first element
  int component;
  double factor, norm; // for the derivative and for the value
};
struct Group { // up to three blocks of one target
  int t, elements;
  int uw; // first element of U and W of the target
  int blocks, begin;
  bool value; // blocks that give the value too
};

struct Couplings {
  int ranges, groups, z_elements;
  const UnitRange *range;
  const Unit *unit;
  const ColumnPair *column_pair;
  const int *z_at;
  const double *ca, *cb;
  const Group *group;
  const BlockPlan *block;
};

struct Plan {
  int twojmax, components, species;
  double rfac0, rmin0;
  bool switching;
  const double *rcutsq, *scale, *weight; // [ti species + tj]; scale = pi / (rcut - rmin0)

  // chi_jl at j (j+1)/2 + l: chi_j = alpha cos chi_{j-1} - beta chi_{j-2} at fixed l, and
  // d chi_jl / dtheta = lower chi_j,l-1 - upper chi_j,l+1.
  const double *chi_first, *chi_alpha, *chi_beta, *chi_lower, *chi_upper;

  density::Recursion harmonics; // their mean square is 1

  Layout plain, strained;
  const double *kappa; // [l][j][j'], each up to twojmax

  int strain_outputs;
  const StrainOutput *strain_output;
  const Term *strain_term;
  const double *value_part; // [l] at L = l the strain acts on r F' + value_part F

  // From moments in the plain layout to the half matrices of U, real and imaginary parts in
  // turn, times half_weight; and back.
  int half_elements;
  const Output *unfold; // [2 half_elements]
  const Term *unfold_term;
  const Output *fold; // [offset(twojmax + 1)]
  const Term *fold_term;
  const int *half_at; // [j] first element of the half matrix

  Couplings value, strain; // for D alone; for D and V
};

} // namespace dbar::bso4
