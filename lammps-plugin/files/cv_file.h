// Collective variables as `dbar.bias` exports them: JSON, schema dbar-cv/1.
#pragma once

#include "files/descriptor_record.h"
#include "kernels/collective_variable.h"

#include <string>

namespace dbar {

struct CvFile {
  std::string path, name;
  DescriptorRecord descriptor;
  CollectiveVariable cv;

  // Throws std::runtime_error that names the file, the key, the value and what was expected.
  CvFile(const std::string &path, const std::string &text);
  // The file must have been made for this descriptor; throws the same way.
  void check(const DescriptorRecord &run) const;
};

} // namespace dbar
