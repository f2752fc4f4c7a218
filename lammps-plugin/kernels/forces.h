// Forces and strain derivative of E = sum_i sum_k theta_k B_k(i) from the gradient by neighbours.
#pragma once

#include "kernels/descriptor.h"

namespace dbar {

// What is wanted for each atom besides its force; null: not. Both are added to.
struct AtomTally {
  double *energy = nullptr;      // sum_k theta_k B_k(i) to centre i
  double (*virial)[6] = nullptr; // -r_a g_b of a pair, half to each of its atoms, in the order xx yy zz xy xz yz
};

// centre[batch.n] and neighbour[first[n]] are the atoms that own the centres and the neighbours,
// periodic images folded. With g = dE/dr_ij adds f_i += g and f_j -= g to force, (r_a g_b + r_b g_a) / 2
// to strain[6] (xx yy zz xy xz yz; dE/d symmetric strain, minus the virial), and to *energy the sum.
void add_forces(Descriptor &descriptor, const Batch &batch, const int *centre, const int *neighbour,
                const double *theta, double (*force)[3], double *strain, double *energy, const AtomTally &tally = {});

} // namespace dbar
