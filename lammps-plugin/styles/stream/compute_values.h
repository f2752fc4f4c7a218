// Global values of computes at the present step, each computed once after Modify::clearstep_compute().
#pragma once

#include "compute.h"

namespace dbar {

inline double scalar_of(LAMMPS_NS::Compute *compute) {
  if (!(compute->invoked_flag & LAMMPS_NS::Compute::INVOKED_SCALAR)) {
    compute->compute_scalar();
    compute->invoked_flag |= LAMMPS_NS::Compute::INVOKED_SCALAR;
  }
  return compute->scalar;
}

// The vector itself: only now it is certain where it lies and how long it is.
inline const double *vector_of(LAMMPS_NS::Compute *compute) {
  if (!(compute->invoked_flag & LAMMPS_NS::Compute::INVOKED_VECTOR)) {
    compute->compute_vector();
    compute->invoked_flag |= LAMMPS_NS::Compute::INVOKED_VECTOR;
  }
  return compute->vector;
}

} // namespace dbar
