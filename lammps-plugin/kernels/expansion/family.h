// The family expansion: equivariant sums c_nlm of the spherical expansion of the neighbour density.
#ifndef DBAR_EXPANSION_FAMILY_H
#define DBAR_EXPANSION_FAMILY_H

#include "../descriptor.h"
#include "../words.h"

namespace dbar::expansion {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies);

} // namespace dbar::expansion

#endif
