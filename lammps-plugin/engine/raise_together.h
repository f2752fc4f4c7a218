// One error on all ranks: no rank may go on to a collective call that another will never reach.
#pragma once

#include "error.h"

#include <mpi.h>

#include <string>

namespace dbar {

// Collective. If any rank brings a message, every rank raises the one of the lowest such rank.
inline void raise_together(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &message) {
  int me, nprocs, first;
  MPI_Comm_rank(world, &me);
  MPI_Comm_size(world, &nprocs);
  const int mine = message.empty() ? nprocs : me;
  MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, world);
  if (first == nprocs)
    return;
  std::string text = message;
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, first, world);
  text.resize(length);
  MPI_Bcast(text.data(), length, MPI_CHAR, first, world);
  error->all(FLERR, text);
}

} // namespace dbar
