// The descriptor that a file was made for.
#pragma once

#include "files/json_reader.h"

namespace dbar {

// What the file says about the descriptor that it was made for, or what a run has.
struct DescriptorRecord {
  std::string units, family;
  double rcut = 0.0;
  int ntypes = 0;
  bool perspecies = false;
  std::vector<std::pair<std::string, std::string>> words; // as Descriptor::settings()
  int size = 0;                                           // length of D, of a run
};

// From the value of the key "descriptor"; throws std::runtime_error.
DescriptorRecord read_descriptor(const std::string &where, const Json &json);

} // namespace dbar
