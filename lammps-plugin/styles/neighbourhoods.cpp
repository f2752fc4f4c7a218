#include "neighbourhoods.h"

#include "atom.h"
#include "neigh_list.h"

namespace dbar {

void Neighbourhoods::select(int groupbit, int species, double **shift, int begin, int end) {
  groupbit_ = groupbit;
  species_ = species;
  shift_ = shift;
  cursor_ = begin;
  end_ = end;
}

bool Neighbourhoods::next(Batch &batch) {
  type_.clear();
  rtype_.clear();
  r_.clear();
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
  double **x = atom_->x;
  const int itype = atom_->type[i] - 1;
  double xi[3] = {x[i][0], x[i][1], x[i][2]};
  if (shift_)
    for (int d = 0; d < 3; ++d)
      xi[d] += shift_[i][d];

  const int *neighbours = list_->firstneigh[i];
  for (int jj = 0; jj < list_->numneigh[i]; ++jj) {
    const int j = neighbours[jj] & NEIGHMASK;
    double r[3] = {x[j][0] - xi[0], x[j][1] - xi[1], x[j][2] - xi[2]};
    if (shift_)
      for (int d = 0; d < 3; ++d)
        r[d] += shift_[j][d];
    const int jtype = atom_->type[j] - 1;
    const double cutoff = descriptor_.cutoff(itype, jtype);
    if (r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= cutoff * cutoff)
      continue;
    r_.insert(r_.end(), r, r + 3);
    rtype_.push_back(jtype);
  }
  type_.push_back(itype);
  first_.push_back(static_cast<int>(rtype_.size()));
}

double Neighbourhoods::memory_usage() const {
  return static_cast<double>((type_.capacity() + first_.capacity() + rtype_.capacity()) * sizeof(int) +
                             r_.capacity() * sizeof(double));
}

} // namespace dbar
