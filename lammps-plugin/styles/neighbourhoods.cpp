#include "neighbourhoods.h"

#include "atom.h"
#include "neigh_list.h"

namespace dbar {

Neighbourhoods::Neighbourhoods(LAMMPS_NS::Atom *atom, LAMMPS_NS::NeighList *list, const Descriptor &descriptor)
    : atom_(atom), list_(list), nspecies_(descriptor.nspecies()), cutsq_(nspecies_ * nspecies_) {
  for (int a = 0; a < nspecies_; ++a)
    for (int b = 0; b < nspecies_; ++b)
      cutsq_[a * nspecies_ + b] = descriptor.cutoff(a, b) * descriptor.cutoff(a, b);
}

void Neighbourhoods::select(int groupbit, int species, double **shift, int begin, int end) {
  groupbit_ = groupbit;
  species_ = species;
  shift_ = shift;
  cursor_ = begin;
  end_ = end;
}

bool Neighbourhoods::next(Batch &batch) {
  type_.clear();
  first_.assign(1, 0);
  for (; cursor_ < end_ && static_cast<int>(type_.size()) < batch_size; ++cursor_) {
    const int i = list_->ilist[cursor_];
    if (!(atom_->mask[i] & groupbit_))
      continue;
    if (species_ >= 0 && atom_->type[i] - 1 != species_)
      continue;
    append(i);
  }
  batch = {static_cast<int>(type_.size()), type_.data(), first_.data(),
           reinterpret_cast<const double (*)[3]>(r_.data()), rtype_.data()};
  return batch.n > 0;
}

void Neighbourhoods::append(int i) {
  const int itype = atom_->type[i] - 1;
  const int *neighbours = list_->firstneigh[i];
  const int numneigh = list_->numneigh[i];
  std::size_t n = first_.back();
  if (rtype_.size() < n + numneigh) { // grows to the largest batch and stays
    rtype_.resize(n + numneigh);
    r_.resize(3 * (n + numneigh));
  }

  double **x = atom_->x;
  const double *cutsq = &cutsq_[itype * nspecies_];
  const double zero[3] = {0.0, 0.0, 0.0};
  const double *di = shift_ ? shift_[i] : zero;
  const double xi[3] = {x[i][0] + di[0], x[i][1] + di[1], x[i][2] + di[2]};
  for (int jj = 0; jj < numneigh; ++jj) {
    const int j = neighbours[jj] & NEIGHMASK;
    const double *dj = shift_ ? shift_[j] : zero;
    const double dx = x[j][0] + dj[0] - xi[0], dy = x[j][1] + dj[1] - xi[1], dz = x[j][2] + dj[2] - xi[2];
    const int jtype = atom_->type[j] - 1;
    double *r = &r_[3 * n];
    r[0] = dx;
    r[1] = dy;
    r[2] = dz;
    rtype_[n] = jtype;
    n += dx * dx + dy * dy + dz * dz < cutsq[jtype]; // written over unless it is near enough: no branch to mispredict
  }
  type_.push_back(itype);
  first_.push_back(static_cast<int>(n));
}

double Neighbourhoods::memory_usage() const {
  return static_cast<double>((type_.capacity() + first_.capacity() + rtype_.capacity()) * sizeof(int) +
                             r_.capacity() * sizeof(double));
}

} // namespace dbar
