// A potential that is linear in a descriptor, E = sum_i (c0_e + theta_e . B(i)), as a JSON file holds it.
#pragma once

#include "files/descriptor_record.h"

#include <string>
#include <vector>

namespace dbar {

struct PotentialModel {
  DescriptorRecord descriptor;                   // units: the LAMMPS unit style of energies and lengths
  std::vector<std::string> elements;             // in the order of the words with a value per species
  std::vector<std::vector<double>> coefficients; // [elements] c0, then theta
};

// Throws std::runtime_error: it names the key, what was found and what was expected. The numbers of
// coefficients are not compared with the descriptor.
PotentialModel parse_model(const std::string &text);

} // namespace dbar
