#include "engine/chunk_sets.h"

#include "engine/descriptor_sums.h"

#include "atom.h"
#include "compute.h"
#include "error.h"
#include "modify.h"

#include <cstring>

using LAMMPS_NS::Compute;

namespace dbar {

// The class behind compute chunk/atom is not among LAMMPS's installed headers: chunk IDs are its per-atom vector, their
// number is its scalar.
Compute *ChunkSets::find() {
  chunks_ = modify->get_compute_by_id(id_);
  if (!chunks_)
    error->all(FLERR, "{}: compute {} of keyword chunk does not exist, expected a compute chunk/atom", command_, id_);
  if (strcmp(chunks_->style, "chunk/atom") != 0)
    error->all(FLERR, "{}: compute {} of keyword chunk has style {}, expected chunk/atom", command_, id_,
               chunks_->style);
  return chunks_;
}

int ChunkSets::definition() const {
  struct Shown : Compute { // which keeps that number for its heirs
    static int Compute::*number() { return &Shown::instance_me; }
  };
  return chunks_->*Shown::number();
}

int ChunkSets::assign() {
  chunks_->compute_peratom(); // does nothing twice in a step, and nothing while locked
  return nchunk_ = static_cast<int>(chunks_->compute_scalar());
}

void ChunkSets::sort(const DescriptorSums &sums, bool rest) {
  const double *chunk = chunks_->vector_atom;
  const int nsets = nchunk_ + (rest ? 1 : 0), none = rest ? nchunk_ : -1;
  const auto set = [&](int i) {
    return chunk[i] >= 1.0 && chunk[i] <= nchunk_ ? static_cast<int>(chunk[i]) - 1 : none;
  };
  first_.assign(nsets + 1, 0);
  for (int i = 0; i < atom->nlocal; ++i)
    if (set(i) >= 0)
      ++first_[set(i) + 1];
  for (int s = 0; s < nsets; ++s)
    first_[s + 1] += first_[s];
  order_.resize(first_[nsets]);
  for (int k = sums.centres() - 1; k >= 0; --k) { // fills each set from its end: first_ moves to its begin
    const int i = sums.order()[k];
    if (set(i) >= 0)
      order_[--first_[set(i) + 1]] = i;
  }
  first_.erase(first_.begin());
  first_.push_back(static_cast<int>(order_.size()));
}

} // namespace dbar
