// The instruction sets that the kernels of all families use.
#pragma once

#include <string>
#include <vector>

namespace dbar {

// The set in use: avx512, avx2, portable or reference (no vector kernels). The widest that build and processor have,
// or the one that the environment variable DBAR_ISA names; throws BadSetting if that cannot be had.
const char *active_isa();
const char *vector_isa();    // the same for families without another implementation: portable for reference
double peak_multiply_adds(); // that one core does in a second with it, measured now; 0 for reference
std::vector<std::string> available_isas(); // what this build and processor can run, widest first

} // namespace dbar
