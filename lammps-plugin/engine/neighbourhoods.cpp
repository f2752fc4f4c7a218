#include "engine/neighbourhoods.h"

#include "engine/cells.h"

#include "atom.h"
#include "neigh_list.h"

#include <algorithm>
#include <utility>

namespace dbar {

Neighbourhoods::Neighbourhoods(LAMMPS_NS::Atom *&atom, const Cells *cells, const LAMMPS_NS::NeighList *list,
                               const Descriptor &descriptor, std::vector<int> species)
    : atom_(atom), cells_(cells), list_(list), ntypes_(static_cast<int>(species.size())),
      species_of_(std::move(species)), cutsq_(descriptor.nspecies() * ntypes_) {
  for (int a = 0; a < descriptor.nspecies(); ++a)
    for (int t = 0; t < ntypes_; ++t) {
      const double cut = species_of_[t] < 0 ? 0.0 : descriptor.cutoff(a, species_of_[t]);
      cutsq_[a * ntypes_ + t] = species_of_[t] < 0 ? -1.0 : cut * cut;
    }
}

void Neighbourhoods::select(int groupbit, int species, double **shift, const int *order, int begin, int end) {
  groupbit_ = groupbit;
  species_ = species;
  shift_ = shift;
  cursor_ = begin;
  end_ = end;
  order_ = order;
  cell_ = -1; // positions may be others
}

bool Neighbourhoods::next(Batch &batch) {
  type_.clear();
  centre_.clear();
  first_.assign(1, 0);
  for (; cursor_ < end_ && static_cast<int>(type_.size()) < batch_size; ++cursor_) {
    const int i = order_[cursor_];
    if (!(atom_->mask[i] & groupbit_))
      continue;
    const int species = species_of_[atom_->type[i] - 1];
    if (species < 0 || (species_ >= 0 && species != species_))
      continue;
    append(i);
  }
  batch = {static_cast<int>(type_.size()), type_.data(), first_.data(),
           reinterpret_cast<const double (*)[3]>(r_.data()), rtype_.data()};
  return batch.n > 0;
}

void Neighbourhoods::find_candidates(int i, const double position[3]) {
  if (!cells_) {
    ncandidates_ = 0;
    add_candidates(list_->firstneigh[i], list_->firstneigh[i] + list_->numneigh[i], NEIGHMASK);
    return;
  }
  const std::int64_t cell = cells_->cell(position);
  if (cell == cell_)
    return;
  cell_ = cell;
  ncandidates_ = 0;
  cells_->candidates(cell, [this](const int *first, const int *last) { add_candidates(first, last, ~0); });
}

void Neighbourhoods::add_candidates(const int *first, const int *last, int mask) {
  const std::size_t needed = ncandidates_ + (last - first);
  if (candidate_.size() < needed) { // grows to the most there are and stays
    for (auto *coordinate : {&x_, &y_, &z_, &squared_})
      coordinate->resize(needed);
    candidate_.resize(needed);
    near_.resize(needed);
  }
  for (std::size_t k = ncandidates_; first < last; ++first, ++k) {
    const int j = *first & mask;
    const double *x = atom_->x[j];
    candidate_[k] = j;
    x_[k] = shift_ ? x[0] + shift_[j][0] : x[0];
    y_[k] = shift_ ? x[1] + shift_[j][1] : x[1];
    z_[k] = shift_ ? x[2] + shift_[j][2] : x[2];
  }
  ncandidates_ = needed;
}

void Neighbourhoods::append(int i) {
  const double *x = atom_->x[i];
  double xi[3] = {x[0], x[1], x[2]};
  for (int d = 0; shift_ && d < 3; ++d)
    xi[d] += shift_[i][d];
  find_candidates(i, xi);
  const std::size_t n = ncandidates_;
  for (std::size_t k = 0; k < n; ++k) {
    const double dx = x_[k] - xi[0], dy = y_[k] - xi[1], dz = z_[k] - xi[2];
    squared_[k] = dx * dx + dy * dy + dz * dz;
  }

  // What is not near enough is written over by what follows: no branch to mispredict.
  const int itype = species_of_[atom_->type[i] - 1];
  const double *cutsq = &cutsq_[itype * ntypes_];
  const double most = *std::max_element(cutsq, cutsq + ntypes_);
  std::size_t near = 0, pair = first_.back();
  for (std::size_t k = 0; k < n; ++k) {
    near_[near] = static_cast<int>(k);
    near += squared_[k] < most;
  }
  if (rtype_.size() < pair + near) { // grows to the largest batch and stays
    rtype_.resize(pair + near);
    neighbour_.resize(pair + near);
    r_.resize(3 * (pair + near));
  }
  for (std::size_t m = 0; m < near; ++m) {
    const int k = near_[m], j = candidate_[k], jtype = atom_->type[j] - 1;
    double *r = &r_[3 * pair];
    r[0] = x_[k] - xi[0];
    r[1] = y_[k] - xi[1];
    r[2] = z_[k] - xi[2];
    rtype_[pair] = species_of_[jtype];
    neighbour_[pair] = j;
    pair += (squared_[k] < cutsq[jtype]) & (j != i);
  }
  type_.push_back(itype);
  centre_.push_back(i);
  first_.push_back(static_cast<int>(pair));
}

double Neighbourhoods::memory_usage() const {
  const std::size_t integers = type_.capacity() + first_.capacity() + rtype_.capacity() + centre_.capacity() +
                               neighbour_.capacity() + candidate_.capacity() + near_.capacity();
  const std::size_t numbers =
      r_.capacity() + x_.capacity() + y_.capacity() + z_.capacity() + squared_.capacity() + cutsq_.capacity();
  return static_cast<double>(integers * sizeof(int) + numbers * sizeof(double));
}

} // namespace dbar
