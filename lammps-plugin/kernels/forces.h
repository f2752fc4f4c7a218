// Forces and strain derivative of E = sum_i sum_k theta_k B_k(i) from the gradient by neighbours.
#ifndef DBAR_FORCES_H
#define DBAR_FORCES_H

#include "descriptor.h"

namespace dbar {

// centre[batch.n] and neighbour[first[n]] are the atoms that own the centres and the neighbours,
// periodic images folded. With g = dE/dr_ij adds f_i += g and f_j -= g to force, r_a g_b to
// strain[6] (xx yy zz xy xz yz; dE/d strain, minus the virial), and to *energy the sum.
void add_forces(Descriptor &descriptor, const Batch &batch, const int *centre, const int *neighbour,
                const double *theta, double (*force)[3], double *strain, double *energy);

} // namespace dbar

#endif
