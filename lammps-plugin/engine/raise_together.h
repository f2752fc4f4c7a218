// One error on all ranks: no rank may go on to a collective call that another will never reach.
#pragma once

#include "error.h"
#include "exceptions.h"

#include <mpi.h>

#include <exception>
#include <new>
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

// Runs `work` on this rank, without communication. What it throws as the message of an error that `command` begins, for
// raise_together(); empty if nothing. An error of LAMMPS itself goes on.
template <class Work> std::string failure_of(const std::string &command, Work work) {
  try {
    work();
  } catch (const LAMMPS_NS::LAMMPSException &) {
    throw;
  } catch (const std::bad_alloc &) {
    return command + ": memory is exhausted";
  } catch (const std::exception &e) {
    return command + ": " + e.what();
  } catch (...) {
    return command + ": unknown exception";
  }
  return "";
}

// Collective. The same, and what any rank throws is an error on all: ranks may have other processors, environments,
// memories.
template <class Work>
void run_together(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &command, Work work) {
  raise_together(error, world, failure_of(command, work));
}

} // namespace dbar
