// Sums of each chunk of a compute chunk/atom beside those of all atoms, of one evaluation and one reduction.
#pragma once

#include "engine/chunk_sets.h"

#include "lmptype.h"

namespace dbar {

// A row has D[size], or with V 7 size numbers: D, then V[size][6]. The number of chunks is that of the beginning.
class ChunkRows : protected LAMMPS_NS::Pointers {
public:
  ChunkRows(LAMMPS_NS::LAMMPS *lmp, const std::string &command, std::string id)
      : Pointers(lmp), command_(command), sets_(lmp, command, std::move(id)) {}

  ChunkSets &sets() { return sets_; }
  // Collective. From now on there are as many chunks as the compute has at this step, with rows of `width` numbers.
  // Raises an error if a grid of so many bins along each axis (empty: none is known) has another number of them.
  void begin(int width, const std::vector<int> &grid);
  // Before a run. Raises an error if the compute is gone, has been defined anew, or no run has set it up.
  void check_run();
  // Collective. Raises an error if there is another number of chunks at this step.
  void assign();

  int count() const { return count_; }
  const double *rows() const { return sums_.data() + head(); } // [count()][width]

  // What the ranks add up is one piece: sums of all atoms[width], room for `more` numbers, then the rows.
  static constexpr int more = 3;
  double *sums() { return sums_.data(); }
  int numbers() const { return head() + (count_ + 1) * width_; }
  // Of this rank: the rows, and their sum as that of all atoms.
  void accumulate(DescriptorSums &local, int groupbit);
  // After the reduction. Raises an error unless the chunks and the atoms in none add up to the whole, which must have
  // `members` atoms, and some chunk has an atom.
  void check(double members) const;

  double memory_usage() const { return sums_.capacity() * sizeof(double) + sets_.memory_usage(); }

private:
  void check_grid(const std::vector<int> &grid) const;
  int head() const { return width_ + more; }
  double *row(int chunk) { return sums_.data() + head() + static_cast<std::size_t>(chunk) * width_; }

  std::string command_;
  ChunkSets sets_;
  int count_ = 0, width_ = 0, definition_ = 0;
  std::vector<double> sums_;
};

} // namespace dbar
