// The family bso4: SO(4) bispectrum in the convention of SNAP.
#pragma once

#include "kernels/bso4/settings.h"
#include "kernels/descriptor.h"

namespace dbar::bso4 {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies);

// The plain implementation: one centre and one neighbour at a time.
std::unique_ptr<Descriptor> make_reference(const Settings &settings);

// Vector kernels of the instruction set in use; null if that is reference.
std::unique_ptr<Descriptor> make_lane_kernel(const Settings &settings);

} // namespace dbar::bso4
