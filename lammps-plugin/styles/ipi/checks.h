// Whether LAMMPS and i-PI fit each other: the system that serves, the structures that come.
#pragma once

#include "styles/ipi/socket.h"

#include "pointers.h"

#include <array>
#include <string>
#include <vector>

namespace LAMMPS_NS {
class Fix;
}

namespace dbar {

// Collective. Raises a LAMMPS error unless `client` can serve i-PI with this system and is the only fix that moves it.
void check_ipi_system(LAMMPS_NS::LAMMPS *lmp, const LAMMPS_NS::Fix &client);

// What is wrong with a structure, empty if nothing; the same on all ranks. Elements of the cell that are zero but for
// i-PI's rounding become zero.
std::string tidy_structure(std::array<double, 9> &cell, const std::vector<double> &positions, bool triclinic);

// What of a result is not finite, empty if nothing: i-PI would go on with it.
std::string what_is_not_finite(const IpiResult &);

} // namespace dbar
