// Which components there are, and the coupling coefficients between them. An index j stands for
// the angular momentum j/2; a matrix u^j has rows ma and columns mb, both 0..j.
#pragma once

#include <string>
#include <vector>

namespace dbar::bso4 {

// B(j1,j2,j) = <U_j, Z(j1,j2 -> j)>.
struct Component {
  int j1, j2, j;
};

// The components in their order of output: j2 <= j1 <= j, or j1 = j2 and every j if diagonal.
std::vector<Component> components(int twojmax, bool diagonal);
std::vector<std::string> labels(const std::vector<Component> &list); // "B(j1,j2,j)"

// One block Z(j1,j2 -> t), j1 >= j2, with its part in the derivative of component k:
// dB_k = sum over the blocks of k of factor <dU_t, Z>. Blocks of a component differ in t, one of
// the component's three indices; factor counts how often t is among them and holds the
// (j+1)/(t+1) of the exchange symmetry B(j1,j2,j)/(j+1) = B(j,j2,j1)/(j1+1).
struct Block {
  int j1, j2, t;
  int component;
  double factor;
  bool value;  // true for the one block of each component that also gives B_k itself:
  double norm; // B_k = norm <U_t, Z>
};

std::vector<Block> blocks(const std::vector<Component> &list);

// <j1 m1 j2 m2 | j m1+m2> with m1 counted from 0 to j1 and m2 from 0 to j2.
double clebsch_gordan(int j1, int m1, int j2, int m2, int j);

// Rows and columns of u^j, one matrix after the other: offset(j) + mb (j+1) + ma.
constexpr int offset(int j) {
  return j * (j + 1) * (2 * j + 1) / 6;
}

// u^j(j-ma, j-mb) = (-1)^(ma+mb) conj u^j(ma,mb), so that half of a matrix tells all. The weight
// of an element in a sum over the whole matrix that runs over the half only (0: not in the half).
constexpr double half_weight(int j, int ma, int mb) {
  if (2 * mb != j)
    return 2 * mb < j ? 2.0 : 0.0;
  return 2 * ma < j ? 2.0 : (2 * ma == j ? 1.0 : 0.0);
}

} // namespace dbar::bso4
