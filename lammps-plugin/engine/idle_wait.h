// Waiting for another rank without taking its core from it.
#pragma once

#include <mpi.h>

#include <chrono>
#include <thread>

namespace dbar {

// Collective. Returns when all ranks are here, like MPI_Barrier, but sleeps in between: MPI asks without pause, and
// where ranks share a core those that wait slow the one that they wait for. For what takes long, as to start Python.
inline void wait_idly(MPI_Comm world) {
  MPI_Request request;
  int done = 0;
  MPI_Ibarrier(world, &request);
  MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  while (!done) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  }
}

} // namespace dbar
