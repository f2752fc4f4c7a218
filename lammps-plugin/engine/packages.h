// Accelerator packages of LAMMPS that keep positions or forces elsewhere than where the styles read and add to them.
#pragma once

#include "error.h"
#include "fix.h"
#include "lammps.h"
#include "modify.h"

#include <string>

namespace dbar {

// Before a run. OPT and OPENMP are tested; of these nobody knows, so they are refused.
inline void refuse_packages(LAMMPS_NS::LAMMPS *lmp, const std::string &command) {
  std::string found = lmp->kokkos ? "KOKKOS" : "";
  if (lmp->modify->get_fix_by_id("package_gpu")) // LAMMPS makes these fixes with the package commands
    found = "GPU";
  if (lmp->modify->get_fix_by_id("package_intel"))
    found = "INTEL";
  if (!found.empty())
    lmp->error->all(FLERR, "{}: found package {}, with which it was never tested; expected none, OPT or OPENMP",
                    command, found);
}

} // namespace dbar
