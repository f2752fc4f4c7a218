// Puts the box and all atoms where a program outside LAMMPS says, at any step, however far that is.
#pragma once

#include "engine/lammps_extras.h"

#include "pointers.h"

namespace dbar {

class AtomPlacement : protected LAMMPS_NS::Pointers {
public:
  explicit AtomPlacement(LAMMPS_NS::LAMMPS *lmp);
  // Collective; after atoms may have been moved by others, e.g. between runs.
  void reset() { fresh_ = true; }
  // Collective. cell: rows of the upper triangular matrix whose columns are the cell vectors; x: [3 natoms]
  // in the order of the atom IDs, both in LAMMPS units and the same on all ranks. True if neighbour lists
  // must be built anew at this step.
  bool place(const double cell[9], const double *x);

private:
  double set_box(const double cell[9]);
  double move_atoms(const double *x);

  LAMMPS_NS::Irregular irregular_;
  bool fresh_ = true;
};

} // namespace dbar
