// compute ID group dbar FAMILY Rcut ... chunk CHUNK-ID: the sums of each chunk of a compute chunk/atom.
#pragma once

#include "engine/chunk_sets.h"
#include "styles/compute/dbar.h"

namespace LAMMPS_NS {

// The vector stays that of all atoms of the group; the array has a row for each chunk.
class ComputeDbarChunk : public ComputeDbar {
public:
  static bool asked(int narg, char **arg); // whether the words of a compute dbar have the keyword chunk

  ComputeDbarChunk(class LAMMPS *, int, char **);
  ~ComputeDbarChunk() override;
  void init() override;
  void compute_array() override;

  // fix ave/time keeps the number of chunks while it averages
  void lock_enable() override;
  void lock_disable() override;
  int lock_length() override;
  void lock(class Fix *, bigint, bigint) override;
  void unlock(class Fix *) override;

  double memory_usage() override;

private:
  void find_chunks();
  void make_room(int nchunk);

  dbar::ChunkSets chunks_;
  std::unique_ptr<Compute> holder_; // hands the locks on, see find_chunks()
  bigint room_ = 0;                 // numbers in the array
};

} // namespace LAMMPS_NS
