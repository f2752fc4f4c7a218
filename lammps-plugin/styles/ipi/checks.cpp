#include "styles/ipi/checks.h"

#include "files/json_text.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "group.h"
#include "modify.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;

namespace dbar {

void check_ipi_system(LAMMPS *lmp, const Fix &client) {
  Atom *atom = lmp->atom;
  Error *error = lmp->error;
  Group *group = lmp->group;
  if (strcmp(lmp->update->unit_style, "lj") == 0)
    error->all(FLERR, "Fix dbar/ipi: units lj have no size in atomic units, expected others");
  if (atom->natoms > MAXSMALLINT / 3)
    error->all(FLERR,
               "Fix dbar/ipi: found {} atoms, expected at most {}: the messages of i-PI count coordinates with "
               "32 bits",
               atom->natoms, MAXSMALLINT / 3);
  if (lmp->domain->dimension != 3)
    error->all(FLERR, "Fix dbar/ipi: found a system in {} dimensions, expected 3", lmp->domain->dimension);
  if (!atom->tag_enable || !atom->tag_consecutive())
    error->all(FLERR, "Fix dbar/ipi: atom IDs must run from 1 to the number of atoms: i-PI's order is theirs");
  if (group->count(client.igroup) != atom->natoms)
    error->all(FLERR, "Fix dbar/ipi: group {} has {} of {} atoms, expected all: i-PI moves them all",
               group->names[client.igroup], group->count(client.igroup), atom->natoms);
  if (utils::strmatch(lmp->update->integrate_style, "^respa"))
    error->all(FLERR, "Fix dbar/ipi: found run_style respa, expected verlet: i-PI integrates");
  for (const Fix *fix : lmp->modify->get_fix_list())
    if (fix != &client && fix->time_integrate)
      error->all(FLERR, "Fix dbar/ipi: fix {} ({}) moves atoms as well, but i-PI integrates: remove it", fix->id,
                 fix->style);
}

std::string tidy_structure(std::array<double, 9> &cell, const std::vector<double> &positions, bool triclinic) {
  const auto usable = [](double value) { return std::fabs(value) < 1e7; }; // false for NaN
  const auto bad = std::find_if_not(positions.begin(), positions.end(), usable);
  if (bad != positions.end())
    return fmt::format("Fix dbar/ipi: i-PI sends a position of atom {} that is {}, expected finite numbers below 1e7 "
                       "Bohr",
                       (bad - positions.begin()) / 3 + 1, *bad);
  const std::string shown = dbar::json_numbers(cell.data(), 9);
  const bool positive = cell[0] > 0.0 && cell[4] > 0.0 && cell[8] > 0.0;
  const double noise = 1e-10 * std::max({cell[0], cell[4], cell[8]});
  for (double &h : cell)
    if (std::fabs(h) < noise)
      h = 0.0;
  if (!std::all_of(cell.begin(), cell.end(), usable) || !positive || cell[3] != 0.0 || cell[6] != 0.0 || cell[7] != 0.0)
    return "Fix dbar/ipi: i-PI sends the cell " + shown +
           ", expected an upper triangular matrix with positive diagonal, below 1e7 Bohr";
  if (!triclinic && (cell[1] != 0.0 || cell[2] != 0.0 || cell[5] != 0.0))
    return "Fix dbar/ipi: i-PI sends the tilted cell " + shown +
           ", but the box of LAMMPS is orthogonal; make it triclinic (change_box all triclinic)";
  return "";
}

std::string what_is_not_finite(const IpiResult &result) {
  const auto finite = [](double x) { return std::isfinite(x); };
  const auto &f = result.force;
  const auto bad = std::find_if_not(f.begin(), f.end(), finite);
  if (bad != f.end())
    return fmt::format("the force on atom {}", (bad - f.begin()) / 3 + 1);
  if (!finite(result.energy))
    return "the energy";
  return std::all_of(result.virial.begin(), result.virial.end(), finite) ? "" : "the virial";
}

} // namespace dbar
