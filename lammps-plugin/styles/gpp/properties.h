// Numbers of atoms that the user sees and sets: those of fix property/atom.
#pragma once

#include "lammps.h"

#include <string>

namespace dbar {

// Makes d_NAME, with zeros, unless there is one. Raises a LAMMPS error, `style` first, if NAME is of another kind.
void ensure_property(LAMMPS_NS::LAMMPS *lmp, const std::string &style, const std::string &name);
// Of owned and ghost atoms. Raises an error where somebody has taken it away; asked anew where atoms may have moved.
double *find_property(LAMMPS_NS::LAMMPS *lmp, const std::string &style, const std::string &name);
// The same, null if there is none.
double *property_if_any(LAMMPS_NS::LAMMPS *lmp, const std::string &style, const std::string &name);

} // namespace dbar
