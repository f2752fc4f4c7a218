// Commands by which LAMMPS leaves atoms out of neighbour lists that are neighbours all the same: a sum over what is
// left would be another energy.
#pragma once

#include "lammps.h"

#include <string>
#include <vector>

namespace dbar {

// Collective, once a run, when the lists have been set up. species[type - 1]: -1 where the style does not see the
// atoms. Raises a LAMMPS error, `style` first, that names the command and the way on, unless it concerns such atoms alone.
void refuse_gaps_in_lists(LAMMPS_NS::LAMMPS *lmp, const std::string &style, const std::vector<int> &species);

} // namespace dbar
