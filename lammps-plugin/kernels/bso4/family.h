// The family bso4: SO(4) bispectrum in the convention of SNAP.
#ifndef DBAR_BSO4_FAMILY_H
#define DBAR_BSO4_FAMILY_H

#include "../descriptor.h"
#include "settings.h"

namespace dbar::bso4 {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies);

// The plain implementation: one centre and one neighbour at a time.
std::unique_ptr<Descriptor> make_reference(const Settings &settings);

// Vector kernels of the instruction set in use (lanes/dispatch.h), or the plain implementation.
std::unique_ptr<Descriptor> make_fast(const Settings &settings);
const char *active_isa();
double peak_multiply_adds();
std::vector<std::string> available_isas();

} // namespace dbar::bso4

#endif
