// Averaged positions of one snapshot, as each rank has them of its own atoms.
#pragma once

#include "domain.h"
#include "pointers.h"

#include <cstdint>
#include <vector>

namespace dbar {

// Whether the system repeats along an axis. LAMMPS wants a 2d one to be periodic along z, and makes no images there.
inline bool goes_on_along(const LAMMPS_NS::Domain &domain, int axis) {
  return domain.periodicity[axis] && axis < domain.dimension;
}

struct OwnPositions {
  std::int64_t step = -1; // -1: of no snapshot
  double time = 0.0;
  std::vector<std::int64_t> id;
  std::vector<int> type;
  std::vector<double> x;
  double box[9] = {};   // xlo ylo zlo xhi yhi zhi xy xz yz
  int periodic[3] = {}; // of each cell vector: whether the system goes on along it

  // Those of the owned atoms of a group; displacement: averaged minus present positions.
  void take(LAMMPS_NS::LAMMPS *lmp, int groupbit, double **displacement, std::int64_t step, double time);
  double memory_usage() const;
};

} // namespace dbar
