#include "styles/compute/chunk.h"

#include "engine/descriptor_sums.h"
#include "engine/evaluation_site.h"
#include "engine/raise_together.h"
#include "kernels/descriptor.h"

#include "error.h"
#include "memory.h"
#include "modify.h"
#include "update.h"

#include <algorithm>
#include <cstring>
#include <limits>

using namespace LAMMPS_NS;

bool ComputeDbarChunk::asked(int narg, char **arg) {
  for (int iarg = 5; iarg < narg; ++iarg) {
    if (strcmp(arg[iarg], "chunk") == 0)
      return true;
    iarg += strcmp(arg[iarg], "average") == 0; // a fix may have that name
  }
  return false;
}

ComputeDbarChunk::ComputeDbarChunk(LAMMPS *lmp, int narg, char **arg)
    : ComputeDbar(lmp, narg, arg), chunks_(lmp, "Compute dbar", chunk_id()) {
  array_flag = 1;
  extarray = 1;
  size_array_rows = 0;
  size_array_rows_variable = 1;
  size_array_cols = has_virial() ? 7 * size() : size();
  find_chunks();
}

ComputeDbarChunk::~ComputeDbarChunk() = default;

void ComputeDbarChunk::init() {
  find_chunks();
  ComputeDbar::init();
  holder_->init();
}

// The locks of a compute chunk/atom are reached through a compute property/chunk, which is one of those that LAMMPS
// lets hold them, and which no one else sees.
void ComputeDbarChunk::find_chunks() {
  chunks_.find();
  if (holder_)
    return;
  const auto creator = modify->compute_map->find("property/chunk");
  if (creator == modify->compute_map->end())
    error->all(FLERR, "Compute dbar: keyword chunk needs a LAMMPS that has compute property/chunk");
  std::string words[] = {std::string(id) + "_dbar_chunk", "all", "property/chunk", chunk_id(), "count"};
  char *arg[5];
  for (int k = 0; k < 5; ++k)
    arg[k] = words[k].data();
  holder_.reset(creator->second(lmp, 5, arg));
}

void ComputeDbarChunk::make_room(int nchunk) {
  // the row behind the chunks takes the number of ranks that failed through the same reduction
  const bigint numbers = (static_cast<bigint>(nchunk) + 1) * size_array_cols;
  if (numbers > MAXSMALLINT)
    error->all(FLERR, "Compute dbar: {} chunks of {} numbers, expected fewer than {} numbers in all", nchunk,
               size_array_cols, MAXSMALLINT);
  if (nchunk != size_array_rows || !array) {
    memory->destroy(array);
    memory->create(array, nchunk + 1, size_array_cols, "dbar:array");
    size_array_rows = nchunk;
    room_ = numbers;
  }
  std::fill_n(array[0], numbers, 0.0);
}

void ComputeDbarChunk::compute_array() {
  invoked_array = update->ntimestep;
  const int nchunk = chunks_.assign();
  make_room(nchunk);
  const auto shift = site_->shift();
  if (!shift) {
    std::fill_n(array[0], nchunk * size_array_cols, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  site_->move_ghosts();
  site_->place(*local_, *shift);
  const std::string failure = dbar::failure_of("Compute dbar", [&] {
    chunks_.sort(*local_, false);
    local_->accumulate_sets(groupbit, chunks_.order(), chunks_.first(), has_virial(), array[0]);
  });
  double &failed = array[nchunk][0];
  failed = failure.empty() ? 0.0 : 1.0;
  MPI_Allreduce(MPI_IN_PLACE, array[0], nchunk * size_array_cols + 1, MPI_DOUBLE, MPI_SUM, world);
  if (failed > 0.0)
    dbar::raise_together(error, world, failure);
}

void ComputeDbarChunk::lock_enable() {
  holder_->lock_enable();
}

void ComputeDbarChunk::lock_disable() {
  holder_->lock_disable();
}

int ComputeDbarChunk::lock_length() {
  return holder_->lock_length();
}

void ComputeDbarChunk::lock(Fix *fix, bigint start, bigint stop) {
  holder_->lock(fix, start, stop);
}

void ComputeDbarChunk::unlock(Fix *fix) {
  holder_->unlock(fix);
}

double ComputeDbarChunk::memory_usage() {
  return ComputeDbar::memory_usage() + room_ * sizeof(double) + chunks_.memory_usage();
}
