// What a PLUMED input file asks LAMMPS for.
#pragma once

#include <string>
#include <vector>

namespace dbar {

struct PlumedInput {
  std::vector<std::string> variables; // names of the EXTRACV actions
  std::string refused;                // what cannot come out right, and what was expected; empty if nothing
};

// Of an input and of the files that it includes. PLUMED itself does not tell, and reads memory that it never got when a
// variable is missing. Throws std::runtime_error if a file cannot be read.
PlumedInput read_plumed_input(const std::string &path);

} // namespace dbar
