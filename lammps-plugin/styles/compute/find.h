// The compute dbar that a fix names.
#pragma once

#include "styles/compute/dbar.h"

#include "error.h"
#include "modify.h"
#include "pointers.h"

#include <string>

namespace dbar {

// Raises a LAMMPS error, `command` first, unless there is a compute dbar of this ID.
inline LAMMPS_NS::ComputeDbar *find_compute(LAMMPS_NS::LAMMPS *lmp, const std::string &command, const std::string &id) {
  LAMMPS_NS::Compute *found = lmp->modify->get_compute_by_id(id);
  if (!found)
    lmp->error->all(FLERR, "{}: compute {} does not exist, expected the ID of a compute dbar", command, id);
  auto *compute = dynamic_cast<LAMMPS_NS::ComputeDbar *>(found);
  if (!compute)
    lmp->error->all(FLERR, "{}: compute {} has style {}, expected dbar", command, id, found->style);
  return compute;
}

// And unless it evaluates the positions of the step; `reason` says why it has to.
inline LAMMPS_NS::ComputeDbar *find_present_compute(LAMMPS_NS::LAMMPS *lmp, const std::string &command,
                                                    const std::string &id, const std::string &reason) {
  LAMMPS_NS::ComputeDbar *compute = find_compute(lmp, command, id);
  if (compute->averages())
    lmp->error->all(FLERR, "{}: compute {} has the keyword average, expected a compute without it: {}", command, id,
                    reason);
  return compute;
}

} // namespace dbar
