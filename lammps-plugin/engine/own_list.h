// Neighbour lists that LAMMPS builds on request ("occasional"), valid at the positions of a step.
#pragma once

#include "neighbor.h"
#include "update.h"

namespace dbar {

// LAMMPS keeps an occasional list until the next reneighboring, by when two atoms may have approached by more than the
// skin since it was made. A later `lastcall` makes LAMMPS build it at the present positions. And it keeps the bins that
// are searched until they change at another step, while two runs may begin at one, with another box: a later
// `last_setup_bins` makes LAMMPS look again.
inline void build_at_present(LAMMPS_NS::Neighbor *neighbor, LAMMPS_NS::Update *update, LAMMPS_NS::NeighList *list) {
  const LAMMPS_NS::bigint lastcall = neighbor->lastcall, last_setup_bins = neighbor->last_setup_bins;
  neighbor->lastcall = neighbor->last_setup_bins = update->ntimestep + 1;
  neighbor->build_one(list);
  neighbor->lastcall = lastcall;
  neighbor->last_setup_bins = last_setup_bins;
}

// For use at many steps: a list that was built in the step of a reneighboring serves until the next one, where LAMMPS
// looks at every step whether one is due.
class OwnList {
public:
  void begin_run() { lasting_ = false; }
  void refresh(LAMMPS_NS::Neighbor *neighbor, LAMMPS_NS::Update *update, LAMMPS_NS::NeighList *list) {
    if (lasting_ && builds_ == neighbor->ncalls && step_ == neighbor->lastcall)
      return;
    build_at_present(neighbor, update, list);
    builds_ = neighbor->ncalls; // a run that does not begin with init() counts from 0 again,
    step_ = neighbor->lastcall; // but not at the same step
    lasting_ = neighbor->ago == 0 && neighbor->dist_check && neighbor->every == 1 && neighbor->delay == 0;
  }

private:
  LAMMPS_NS::bigint builds_ = -1, step_ = -1; // reneighborings, and the step of the last one, when the list was built
  bool lasting_ = false;
};

} // namespace dbar
