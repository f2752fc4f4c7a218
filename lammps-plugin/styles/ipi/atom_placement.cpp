#include "styles/ipi/atom_placement.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>

namespace dbar {

AtomPlacement::AtomPlacement(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp), irregular_(lmp) {}

bool AtomPlacement::place(const double cell[9], const double *x) {
  double moved = set_box(cell); // first: images are those of the new box
  moved = std::max(moved, move_atoms(x));
  MPI_Allreduce(MPI_IN_PLACE, &moved, 1, MPI_DOUBLE, MPI_MAX, world);
  // a small move is like a step of dynamics: LAMMPS itself finds out when to look for neighbours again
  if (moved <= 0.5 * neighbor->skin && !fresh_)
    return false;
  fresh_ = false;

  // beyond that an atom may belong to a rank that is no neighbour of this one
  for (int i = 0; i < atom->nlocal; ++i)
    domain->remap(atom->x[i], atom->image[i]);
  if (domain->triclinic)
    domain->x2lamda(atom->nlocal);
  domain->reset_box();
  if (irregular_.migrate_check())
    irregular_.migrate_atoms();
  if (domain->triclinic)
    domain->lamda2x(atom->nlocal);
  return true;
}

// Largest move of a corner. As in LAMMPS's own i-PI client the box lies around the origin.
double AtomPlacement::set_box(const double cell[9]) {
  const double before[9] = {domain->boxlo[0], domain->boxlo[1], domain->boxlo[2], domain->boxhi[0], domain->boxhi[1],
                            domain->boxhi[2], domain->xy,       domain->xz,       domain->yz};
  for (int k = 0; k < 3; ++k) {
    domain->boxhi[k] = 0.5 * cell[4 * k];
    domain->boxlo[k] = -domain->boxhi[k];
  }
  domain->xy = cell[1];
  domain->xz = cell[2];
  domain->yz = cell[5];
  const double after[9] = {domain->boxlo[0], domain->boxlo[1], domain->boxlo[2], domain->boxhi[0], domain->boxhi[1],
                           domain->boxhi[2], domain->xy,       domain->xz,       domain->yz};
  double moved = 0.0;
  for (int k = 0; k < 9; ++k)
    moved = std::max(moved, std::fabs(after[k] - before[k]));
  if (moved > 0.0) {
    if (fresh_)
      domain->set_initial_box(); // checks the box; once, as it warns of large tilt each time
    domain->set_global_box();
    domain->set_local_box();
  }
  return moved;
}

// Largest move of an atom of this rank. Each goes to the image that is nearest to where it was.
double AtomPlacement::move_atoms(const double *x) {
  double moved = 0.0;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *target = &x[3 * (atom->tag[i] - 1)];
    double there[3] = {target[0], target[1], target[2]}, here[3];
    std::copy_n(atom->x[i], 3, here);
    domain->remap(there);
    domain->remap(here); // of a box that has moved away the atom may lie far outside
    double d[3];
    for (int k = 0; k < 3; ++k)
      d[k] = there[k] - here[k];
    dbar::minimum_image(domain, d);
    for (int k = 0; k < 3; ++k)
      atom->x[i][k] += d[k];
    moved = std::max(moved, std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]));
  }
  return moved;
}

} // namespace dbar
