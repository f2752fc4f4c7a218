// Words of fix dbar/ipi after the style name.
#pragma once

#include "styles/ipi/socket.h"

#include "pointers.h"

#include <string>
#include <vector>

namespace dbar {

struct IpiOptions {
  IpiOptions(LAMMPS_NS::LAMMPS *lmp, int narg, char **arg); // raises LAMMPS errors

  std::string compute_id;
  IpiAddress address;
  double timeout = 60.0;
  bool lost_is_error = false;
  bool reset = false;                 // the long-range solver chooses anew for each box
  std::vector<std::string> variables; // names without v_
  std::vector<std::string> cv_files;
};

} // namespace dbar
