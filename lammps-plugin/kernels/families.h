// The registry of descriptor families: from words to a descriptor.
#pragma once

#include "kernels/family.h"

#include <utility>

namespace dbar {

// words: keywords, each followed by its values, as in an input script. Throws BadSetting.
std::unique_ptr<Descriptor> make_descriptor(const std::string &family, double rcut,
                                            const std::vector<std::string> &words, int nspecies);

// By name, in the order in which they are listed for users. There is no other list.
const std::vector<std::pair<std::string, Family>> &families();
std::vector<std::string> family_names();

} // namespace dbar
