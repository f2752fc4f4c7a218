// The registry of descriptor families: from words to a descriptor.
#ifndef DBAR_FAMILIES_H
#define DBAR_FAMILIES_H

#include "descriptor.h"

#include <stdexcept>

namespace dbar {

// A word that is unknown, misplaced or out of range. The message names the word, what was found
// and what was expected.
class BadSetting : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// words: keywords, each followed by its values, as in an input script. Throws BadSetting.
std::unique_ptr<Descriptor> make_descriptor(const std::string &family, double rcut,
                                            const std::vector<std::string> &words, int nspecies);

std::vector<std::string> family_names();

// The instruction set of the kernels in use: avx512, avx2, portable or reference. The environment
// variable DBAR_ISA overrides the choice; throws BadSetting if it cannot be had.
const char *active_isa();
double peak_multiply_adds();               // that one core does in a second with it, measured now; 0 for reference
std::vector<std::string> available_isas(); // what this build and processor can run, widest first

} // namespace dbar

#endif
