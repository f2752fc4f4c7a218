#include "engine/neighbourhoods.h"

#include "engine/cells.h"

#include "atom.h"
#include "neigh_list.h"

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

void Neighbourhoods::select(int groupbit, int species, double **shift, int begin, int end, const int *order) {
  groupbit_ = groupbit;
  species_ = species;
  shift_ = shift;
  cursor_ = begin;
  end_ = end;
  order_ = order;
}

bool Neighbourhoods::next(Batch &batch) {
  type_.clear();
  centre_.clear();
  first_.assign(1, 0);
  for (; cursor_ < end_ && static_cast<int>(type_.size()) < batch_size; ++cursor_) {
    const int i = order_ ? order_[cursor_] : cursor_;
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

void Neighbourhoods::append(int i) {
  const int itype = species_of_[atom_->type[i] - 1];
  const double *cutsq = &cutsq_[itype * ntypes_];
  double **x = atom_->x, **shift = shift_;
  const int *type = atom_->type, *species_of = species_of_.data();
  const double zero[3] = {0.0, 0.0, 0.0};
  const double *di = shift ? shift[i] : zero;
  const double xi[3] = {x[i][0] + di[0], x[i][1] + di[1], x[i][2] + di[2]};
  std::size_t n = first_.back();

  // The last of `room` places is written over unless an atom is near enough: no branch to mispredict.
  const auto add = [&](const int *from, const int *to, int mask) {
    const std::size_t room = n + (to - from);
    if (rtype_.size() < room) { // grows to the largest batch and stays
      rtype_.resize(room);
      neighbour_.resize(room);
      r_.resize(3 * room);
    }
    double *r = &r_[3 * n];
    for (; from < to; ++from) {
      const int j = *from & mask;
      const double *dj = shift ? shift[j] : zero;
      const double dx = x[j][0] + dj[0] - xi[0], dy = x[j][1] + dj[1] - xi[1], dz = x[j][2] + dj[2] - xi[2];
      const int jtype = type[j] - 1;
      r[0] = dx;
      r[1] = dy;
      r[2] = dz;
      rtype_[n] = species_of[jtype];
      neighbour_[n] = j;
      const bool near = (dx * dx + dy * dy + dz * dz < cutsq[jtype]) & (j != i);
      n += near;
      r += 3 * near;
    }
  };
  if (cells_)
    cells_->near(xi, [&](const int *from, const int *to) { add(from, to, ~0); });
  else
    add(list_->firstneigh[i], list_->firstneigh[i] + list_->numneigh[i], NEIGHMASK);
  type_.push_back(itype);
  centre_.push_back(i);
  first_.push_back(static_cast<int>(n));
}

double Neighbourhoods::memory_usage() const {
  return static_cast<double>(
      (type_.capacity() + first_.capacity() + rtype_.capacity() + centre_.capacity() + neighbour_.capacity()) *
          sizeof(int) +
      r_.capacity() * sizeof(double));
}

} // namespace dbar
