// How a strain acts on F(r) Y_lm: r_a d(F Y_lm)/dr_b is a sum over Y_L with L = l, l+-2, by
//   n_b Y_l = (X_b Y)_{l+1} + (X_b Y)_{l-1}   and
//   r d(F Y_l)/dr_b = (rF' - l F) (X_b Y)_{l+1} + (rF' + (l+1) F) (X_b Y)_{l-1}
// (gradient formula, Varshalovich 5.8.3). Of the six components of a symmetric strain the trace, which gives rF', is no
// map; the five others are those below. Harmonics of one degree: m = 0, then cosine and sine part of each m.
#pragma once

#include <vector>

namespace dbar::density {

using Matrix = std::vector<std::vector<double>>;

// The traceless components: 2zz-xx-yy, xx-yy, xy, xz, yz.
constexpr int traceless_components = 5;

struct StrainMap {
  Matrix up, same, down; // [2L+1][2l+1] towards L = l+2, l and l-2; empty where there is no such degree
};

// up acts on rF' - lF, same on rF' + same_part(l) F, down on rF' + (l+1) F.
StrainMap strain_map(int component, int l);
double same_part(int l);

// V in Voigt's order xx yy zz xy xz yz of the trace and the five components.
void to_voigt(const double *components, double *voigt);

} // namespace dbar::density
