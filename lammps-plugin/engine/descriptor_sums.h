// Sums of a descriptor over the atoms of this rank, and the forces of a function of the sums: by
// threads. No communication.
#pragma once

#include "engine/cells.h"
#include "engine/neighbourhoods.h"
#include "engine/workers.h"
#include "kernels/forces.h"

#include "lmptype.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace dbar {

class DescriptorSums {
public:
  // species[type - 1]: which of the descriptor's species an atom type is, -1: none, the atom is not seen.
  // With `perspecies` there is one block of sums for each species of the central atom.
  // `atom` is LAMMPS's own pointer: `replicate` makes it point to new atoms.
  // Neighbours are all atoms within the cutoff, from place() on, or if `list` is not null those of the list of LAMMPS.
  DescriptorSums(LAMMPS_NS::Atom *&atom, const Descriptor &descriptor, std::vector<int> species, bool perspecies,
                 int nthreads, LAMMPS_NS::NeighList *list = nullptr);

  int size() const { return 1 + blocks_ * K_; } // the number of central atoms, then the blocks

  // The positions that what follows is about: those of owned and ghost atoms now, plus `shift` (null: nothing), which
  // must stay as they are. Returns an owned atom whose position is not finite, -1 if there is none.
  int place(double **shift);
  // Owned atoms that may be centres, in the order in which to go through them.
  int centres() const;
  const int *order() const;

  // Adds to D[size()] and, unless V is null, to V[size()][6]. Centres are the atoms of the group.
  void accumulate(int groupbit, double *D, double *V);

  // The same for each of several sets of owned atoms: set s is order[first[s]] ... order[first[s + 1] - 1]. Adds to
  // rows[first.size() - 1][size()], or with `virial` [7 size()]: D, then V.
  void accumulate_sets(int groupbit, const std::vector<int> &order, const std::vector<int> &first, bool virial,
                       double *rows);

  // Calls visit(atom, species, B[K]) for each central atom, several at a time with threads: it must only touch what
  // belongs to that atom.
  void per_centre(int groupbit, const std::function<void(int, int, const double *)> &visit);

  // For E with dE/dD = theta[size()]: adds -dE/dx to f of owned and ghost atoms and -dE/dstrain to
  // virial[6]. theta[0] has no effect: the number of atoms does not depend on where they are.
  // If wanted also adds E without theta[0] to *energy, and what `tally` asks of owned and ghost atoms.
  void add_forces(int groupbit, const double *theta, double (*f)[3], double *virial, double *energy = nullptr,
                  const AtomTally &tally = {});

  double memory_usage() const;

private:
  struct Worker { // one per thread
    std::unique_ptr<Descriptor> descriptor;
    std::unique_ptr<Neighbourhoods> neighbourhoods;
    std::vector<double> sums;
  };
  // Entries [first, second) of an order of owned atoms are those of one thread.
  std::pair<int, int> range(int part, LAMMPS_NS::bigint entries) const;
  void accumulate_part(int part, int groupbit, const int *order, std::pair<int, int> entries, double *D, double *V);
  void add_forces_part(int part, int groupbit, const double *theta, double (*f)[3], double *virial, double *energy,
                       const AtomTally &tally);

  LAMMPS_NS::Atom *&atom_;
  LAMMPS_NS::NeighList *list_;
  double cutoff_;
  int K_, blocks_;
  Cells cells_;
  double **shift_ = nullptr;
  std::vector<Worker> workers_;
  Workers threads_; // one for each of the workers
};

} // namespace dbar
