// From LAMMPS's neighbour list to the kernels' batches: gathered on the fly, nothing of size N is
// kept.
#pragma once

#include "descriptor.h"

#include <vector>

namespace LAMMPS_NS {
class Atom;
class NeighList;
} // namespace LAMMPS_NS

namespace dbar {

class Neighbourhoods {
public:
  static constexpr int batch_size = 64;

  Neighbourhoods(LAMMPS_NS::Atom *atom, LAMMPS_NS::NeighList *list, const Descriptor &descriptor);

  // Centres are the group's atoms among entries [begin, end) of the list, of one type only if `species` >= 0.
  // `shift` (may be null) is added to the positions of owned and ghost atoms.
  void select(int groupbit, int species, double **shift, int begin, int end);
  // Fills the next batch; false when there is none left.
  bool next(Batch &batch);

  double memory_usage() const;

private:
  void append(int centre);

  LAMMPS_NS::Atom *atom_;
  LAMMPS_NS::NeighList *list_;
  int nspecies_;
  std::vector<double> cutsq_; // [nspecies][nspecies]
  int groupbit_ = 1, species_ = -1, cursor_ = 0, end_ = 0;
  double **shift_ = nullptr;

  std::vector<int> type_, first_, rtype_;
  std::vector<double> r_; // capacity for every neighbour of the batch; first_.back() of them are in use
};

} // namespace dbar
