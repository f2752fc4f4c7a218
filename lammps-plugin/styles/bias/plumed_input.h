// What a PLUMED input file asks LAMMPS for.
#pragma once

#include <string>
#include <vector>

namespace dbar {

// Names of the EXTRACV actions of a PLUMED input and of the files that it includes. PLUMED itself does not tell, and
// reads memory that it never got when one is missing. Throws std::runtime_error if the file cannot be read.
std::vector<std::string> extra_cv_names(const std::string &path);

} // namespace dbar
