// The registry of descriptor families: from words to a descriptor.
#pragma once

#include "kernels/descriptor.h"

namespace dbar {

// words: keywords, each followed by its values, as in an input script. Throws BadSetting.
std::unique_ptr<Descriptor> make_descriptor(const std::string &family, double rcut,
                                            const std::vector<std::string> &words, int nspecies);

std::vector<std::string> family_names();

} // namespace dbar
