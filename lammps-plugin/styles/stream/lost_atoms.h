// Atoms that LAMMPS loses, counted where it happens: while ranks exchange them. The total that LAMMPS keeps itself
// does not tell, as its thermo output lowers it where `thermo_modify lost` is warn or ignore.
#pragma once

#include "atom.h"
#include "pointers.h"
#include "update.h"

namespace dbar {

class LostAtoms : protected LAMMPS_NS::Pointers {
public:
  explicit LostAtoms(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}

  void before_exchange() {
    step_ = update->ntimestep;
    nlocal_ = atom->nlocal;
    natoms_ = atom->natoms;
  }

  void after_exchange() {
    if (step_ != update->ntimestep)
      return; // a trial move of another fix
    gone_ += nlocal_ - atom->nlocal;
    told_ += natoms_ - atom->natoms;
    before_exchange(); // a trial move may come in between
  }

  // Collective. How many so far.
  LAMMPS_NS::bigint count() const {
    LAMMPS_NS::bigint gone;
    MPI_Allreduce(&gone_, &gone, 1, MPI_LMP_BIGINT, MPI_SUM, world);
    return gone - told_;
  }

private:
  LAMMPS_NS::bigint step_ = -1, nlocal_ = 0, natoms_ = 0;
  LAMMPS_NS::bigint gone_ = 0; // by which the atoms of this rank became fewer
  LAMMPS_NS::bigint told_ = 0; // by which a fix lowered the total meanwhile: it deleted them
};

} // namespace dbar
