// Work without communication that may fail on one rank alone: no memory, an exception of a kernel.
#pragma once

#include "error.h"

#include <exception>
#include <string>

namespace dbar {

// Runs it; what it throws becomes an error of LAMMPS on this rank, which ends the others as well.
template <class Work> void guarded(LAMMPS_NS::Error *error, const std::string &command, Work work) {
  std::string failure;
  try {
    work();
    return;
  } catch (const std::exception &e) {
    failure = e.what();
  } catch (...) {
    failure = "unknown exception";
  }
  error->one(FLERR, "{}: {}", command, failure);
}

} // namespace dbar
