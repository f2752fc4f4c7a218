// Models of known surroundings of atoms as `dbar.novelty` exports them: JSON, schema dbar-novelty/1.
#pragma once

#include "files/descriptor_record.h"
#include "kernels/descriptor.h"
#include "kernels/novelty.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar {

struct NoveltyFile {
  DescriptorRecord descriptor;
  std::vector<Novelty> models; // of each type; without a mean where nothing is known of that type

  // Throws std::runtime_error that names the file, the key, the value and what was expected.
  NoveltyFile(const std::string &path, const std::string &text);
  // Of the file's settings. Throws the same way: the words must be those of a family, the unit style and the number
  // of types those of the run, and the numbers as many as the descriptor has components.
  std::unique_ptr<Descriptor> make_descriptor(const std::string &units, int ntypes) const;

private:
  std::string where_;
};

} // namespace dbar
