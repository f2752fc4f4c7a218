#include "styles/compute/chunk_rows.h"

#include "engine/descriptor_sums.h"
#include "engine/raise_together.h"

#include "error.h"
#include "update.h"

#include <algorithm>
#include <cmath>

namespace dbar {

namespace {
constexpr double tolerance = 1e-10; // of the sum of the sizes of what is added up: orders of addition differ by 1e-14
}

void ChunkRows::check_grid(const std::vector<int> &grid) const {
  LAMMPS_NS::bigint bins = 1;
  for (const int along : grid)
    bins = bins > MAXSMALLINT ? bins : bins * along;
  if (!grid.empty() && bins != count_)
    error->all(FLERR, "{}: keyword chunk: compute {} has {} chunks, expected {} x {} x {} as of grid", command_,
               sets_.id(), count_, grid[0], grid[1], grid[2]);
}

void ChunkRows::begin(int width, const std::vector<int> &grid) {
  count_ = sets_.assign();
  definition_ = sets_.definition();
  if (count_ < 1)
    error->all(FLERR, "{}: compute {} of keyword chunk has {} chunks, expected at least 1", command_, sets_.id(),
               count_);
  check_grid(grid);
  // MPI counts what it reduces in 32 bits; the row behind the chunks is that of the atoms in none
  const LAMMPS_NS::bigint all = (static_cast<LAMMPS_NS::bigint>(count_) + 2) * width + more;
  if (all > MAXSMALLINT)
    error->all(FLERR, "{}: keyword chunk: {} chunks of {} numbers, expected fewer than {} numbers in all", command_,
               count_, width, MAXSMALLINT);
  width_ = width;
  run_together(error, world, command_, [&] { sums_.assign(all, 0.0); });
}

// LAMMPS does not tell the words of a compute: as many chunks may be others.
void ChunkRows::check_run() {
  if (!sets_.find()->is_initialized())
    error->all(FLERR, "{}: no run has set up compute {} of keyword chunk since it was defined: use run pre yes",
               command_, sets_.id());
  if (sets_.definition() != definition_)
    error->all(FLERR,
               "{}: compute {} of keyword chunk has been defined again, expected the one with which the stream began: "
               "for other chunks unfix the stream and define it again, with another store",
               command_, sets_.id());
}

void ChunkRows::assign() {
  const int found = sets_.assign();
  if (found != count_)
    error->all(FLERR,
               "{}: compute {} of keyword chunk has {} chunks at step {}, expected {}, those with which the stream "
               "began",
               command_, sets_.id(), found, update->ntimestep, count_);
}

void ChunkRows::accumulate(DescriptorSums &local, int groupbit) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  sets_.sort(local, true);
  local.accumulate_sets(groupbit, sets_.order(), sets_.first(), width_ > local.size(), row(0));
  for (int chunk = 0; chunk <= count_; ++chunk)
    for (int k = 0; k < width_; ++k)
      sums_[k] += row(chunk)[k];
}

void ChunkRows::check(double members) const {
  std::vector<double> sum(width_, 0.0), size(width_, 0.0);
  const double *number = rows();
  for (int chunk = 0; chunk <= count_; ++chunk)
    for (int k = 0; k < width_; ++k, ++number) {
      sum[k] += *number;
      size[k] += std::abs(*number);
    }
  const double in_none = rows()[static_cast<std::size_t>(count_) * width_];
  for (int k = -1; k < width_; ++k) { // first atoms, which are counted once more
    const double whole = k < 0 ? members : sums_[k], parts = sum[std::max(k, 0)];
    if (!(std::abs(parts - whole) <= tolerance * std::max(size[std::max(k, 0)], std::abs(whole))))
      error->all(FLERR,
                 "{}: keyword chunk: number {} of the {} chunks of compute {} and of the atoms in none adds up to "
                 "{:.15g} at step {}, expected {:.15g}, that of all atoms",
                 command_, std::max(k, 0) + 1, count_, sets_.id(), parts, update->ntimestep, whole);
  }
  if (sum[0] == in_none)
    error->all(FLERR,
               "{}: none of the {} chunks of compute {} of keyword chunk has an atom at step {}, expected at least "
               "one atom of the group of the compute dbar",
               command_, count_, sets_.id(), update->ntimestep);
}

} // namespace dbar
