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

}  // namespace dbar

#endif
