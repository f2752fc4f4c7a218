// The descriptor that a file was made for.
#pragma once

#include "files/json_reader.h"
#include "kernels/descriptor.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dbar {

// What a file says about its descriptor, or what a run has.
struct DescriptorRecord {
  std::string units, family;
  double rcut = 0.0;
  int ntypes = 0;
  bool perspecies = false;
  std::vector<std::pair<std::string, std::string>> words; // as Descriptor::settings()
  int size = 0;                                           // length of D, of a run

  // The descriptor of these settings; throws BadSetting.
  std::unique_ptr<Descriptor> make(int nspecies) const;
};

// From the object under the key "descriptor". Files for a compute say `types` as well: ntypes and perspecies. Throws
// std::runtime_error.
DescriptorRecord read_descriptor(JsonReader in, bool types);

} // namespace dbar
