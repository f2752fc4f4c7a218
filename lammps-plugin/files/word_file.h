// Files that a keyword of a descriptor names: their content as one word, which goes on wherever words go.
#pragma once

#include <string>

namespace dbar {

// `kind` of the keyword as in kernels/settings.h: basis or components; `name` of the file begins the messages. Throws
// std::runtime_error.
std::string word_of_file(const std::string &kind, const std::string &name, const std::string &text);

// Whether a value of such a keyword is the name of a file.
bool names_file(const std::string &kind, const std::string &value);

} // namespace dbar
