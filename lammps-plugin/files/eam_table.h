// Tables of embedded atoms as LAMMPS's eam/alloy and eam/fs read them (setfl of DYNAMO).
#pragma once

#include "kernels/gpp/form.h"

#include <string>

namespace dbar {

// `name` begins the messages. In the form of Finnis and Sinclair the density depends on both atoms. Throws BadSetting
// that names the word, the value that was found and what was expected; a file that is cut short or longer than it says
// as well.
gpp::Form parse_eam_table(const std::string &name, const std::string &text, bool finnis_sinclair);

} // namespace dbar
