// The family expansion: equivariant sums c_nlm of the spherical expansion of the neighbour density.
#pragma once

#include "kernels/descriptor.h"
#include "kernels/words.h"

namespace dbar::expansion {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies);

} // namespace dbar::expansion
