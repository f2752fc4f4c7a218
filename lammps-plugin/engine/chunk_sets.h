// The atoms of each chunk of a compute chunk/atom, as sets for DescriptorSums::accumulate_sets().
#pragma once

#include "pointers.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {
class Compute;
}

namespace dbar {

class DescriptorSums;

class ChunkSets : protected LAMMPS_NS::Pointers {
public:
  // `command` begins the messages; `id`: of the compute chunk/atom.
  ChunkSets(LAMMPS_NS::LAMMPS *lmp, std::string command, std::string id)
      : Pointers(lmp), command_(std::move(command)), id_(std::move(id)) {}

  const std::string &id() const { return id_; }
  // Raises a LAMMPS error unless there is a compute chunk/atom of this ID.
  LAMMPS_NS::Compute *find();
  // Number of the compute among all that were ever defined: another one if it has been defined again.
  int definition() const;

  // Collective. Has the compute assign atoms to chunks at this step; the number of chunks.
  int assign();
  // Sorts owned atoms by chunk, within each in the order of the sums, which must have been placed. With `rest` a last
  // set has the atoms that are in no chunk.
  void sort(const DescriptorSums &sums, bool rest);
  const std::vector<int> &order() const { return order_; }
  const std::vector<int> &first() const { return first_; }

  double memory_usage() const { return (order_.capacity() + first_.capacity()) * sizeof(int); }

private:
  std::string command_, id_;
  LAMMPS_NS::Compute *chunks_ = nullptr;
  int nchunk_ = 0;
  std::vector<int> order_, first_; // owned atoms sorted by set, and where each set begins
};

} // namespace dbar
