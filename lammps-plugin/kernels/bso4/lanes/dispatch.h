// Chooses among the kernels of the instruction sets, once per process.
#ifndef DBAR_BSO4_LANES_DISPATCH_H
#define DBAR_BSO4_LANES_DISPATCH_H

#include "work.h"

#include <vector>

namespace dbar::bso4 {

// The widest set that this processor has, or the one that the environment variable DBAR_ISA
// names: avx512, avx2, portable, or reference (null: the plain implementation). Throws BadSetting
// on any other value and on a set that the processor lacks.
const Entry *active_entry();

// What the build has and this processor can run, widest first.
std::vector<const Entry *> available_entries();

} // namespace dbar::bso4

#endif
