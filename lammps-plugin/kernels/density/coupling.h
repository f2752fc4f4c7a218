// Coupling of three degrees to a number that does not turn, for the real harmonics of these kernels.
#pragma once

#include <vector>

namespace dbar::density {

struct Coupling {
  int m1, m2, m3; // places among the harmonics of a degree: m = 0, then cosine and sine part of each m
  double value;
};

// The T of sum_(m1 m2 m3) T c_l1m1 c_l2m2 c_l3m3: C^(l3 m3)_(l1 m1 l2 m2) / sqrt(2 l3 + 1) with the Clebsch-Gordan
// coefficients of real harmonics (Varshalovich 8.1), those that are not zero, by m1, m2, m3. For an odd l1 + l2 + l3
// these are imaginary: then T is their imaginary part, and the number changes its sign with inversion.
std::vector<Coupling> couplings(int l1, int l2, int l3);

} // namespace dbar::density
