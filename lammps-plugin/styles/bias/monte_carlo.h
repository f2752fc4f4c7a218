// Fixes that accept or refuse trial moves by energies.
#pragma once

#include "error.h"
#include "fix.h"
#include "modify.h"
#include "utils.h"

#include <string>

namespace dbar {

// For a trial LAMMPS calls pair styles and kspace, but not a fix that acts in pre_reverse(): its energy stands still,
// and the moves would be accepted as if there were no bias. Raises an error that `command` begins.
inline void refuse_monte_carlo(LAMMPS_NS::Modify *modify, LAMMPS_NS::Error *error, const std::string &command) {
  for (const char *style : {"atom/swap", "charge/regulation", "gcmc", "mol/swap", "neighbor/swap", "sgcmc", "widom"})
    for (const LAMMPS_NS::Fix *fix : modify->get_fix_by_style(std::string("^") + style))
      error->all(FLERR, "{}: found fix {} ({}), which would accept its moves without the bias; expected none", command,
                 fix->id, fix->style);
}

} // namespace dbar
