// From atoms in cells, or LAMMPS's neighbour list, to the kernels' batches: gathered on the fly, no list is kept.
#pragma once

#include "kernels/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace LAMMPS_NS {
class Atom;
class NeighList;
} // namespace LAMMPS_NS

namespace dbar {

class Cells;

class Neighbourhoods {
public:
  static constexpr int batch_size = 64;

  // species[type - 1]: which of the descriptor's species an atom type is, -1: none, the atom is not seen.
  // Neighbours are found in `cells`, or if that is null in the list.
  Neighbourhoods(LAMMPS_NS::Atom *&atom, const Cells *cells, const LAMMPS_NS::NeighList *list,
                 const Descriptor &descriptor, std::vector<int> species);

  // Centres are the group's atoms among entries [begin, end) of `order`, owned atoms in any order, of one species only
  // if `species` >= 0.
  // `shift` (may be null) is added to the positions of owned and ghost atoms.
  void select(int groupbit, int species, double **shift, const int *order, int begin, int end);
  // Fills the next batch; false when there is none left.
  bool next(Batch &batch);
  // Owned or ghost atoms behind the batch's centres and neighbours.
  const int *centres() const { return centre_.data(); }
  const int *neighbours() const { return neighbour_.data(); }

  double memory_usage() const;

private:
  void append(int centre);
  void find_candidates(int centre, const double position[3]);
  void add_candidates(const int *first, const int *last, int mask);

  LAMMPS_NS::Atom *&atom_; // that of LAMMPS, which `replicate` changes
  const Cells *cells_;
  const LAMMPS_NS::NeighList *list_;
  int ntypes_;
  std::vector<int> species_of_; // [ntypes]
  std::vector<double> cutsq_;   // [nspecies][ntypes], negative for types that are not seen
  int groupbit_ = 1, species_ = -1, cursor_ = 0, end_ = 0;
  double **shift_ = nullptr;
  const int *order_ = nullptr;

  // Atoms that may be neighbours, with their positions: of all centres of a cell, or of the one of a list.
  std::int64_t cell_ = -1;
  std::size_t ncandidates_ = 0;
  std::vector<int> candidate_, near_;
  std::vector<double> x_, y_, z_, squared_;

  std::vector<int> type_, first_, rtype_, centre_, neighbour_;
  std::vector<double> r_; // capacity for every neighbour of the batch; first_.back() of them are in use
};

} // namespace dbar
