#include "styles/ipi/long_range.h"

#include "engine/lammps_extras.h"

#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "kspace.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>

namespace dbar {

namespace {
constexpr double much = 0.01; // of the longest edge
} // namespace

LongRange::Box LongRange::box() const {
  Box h;
  std::copy_n(domain->h, h.size(), h.begin());
  return h;
}

void LongRange::begin_run() {
  chosen_ = present_ = box();
  warned_ = false;
}

void LongRange::follow_box() {
  const Box now = box();
  if (!force->kspace || now == present_)
    return;
  present_ = now;
  if (anew_)
    return choose_anew();
  force->kspace->setup();

  double moved = 0.0;
  for (std::size_t k = 0; k < now.size(); ++k)
    moved = std::max(moved, std::fabs(now[k] - chosen_[k]));
  const double edge = *std::max_element(chosen_.begin(), chosen_.begin() + 3);
  if (moved <= much * edge || warned_)
    return;
  warned_ = true;
  if (comm->me == 0)
    error->warning(FLERR,
                   "Fix dbar/ipi: i-PI's cell differs by {:.3g} from the box for which the long-range solver chose its "
                   "grid and splitting, expected at most {:.3g}: energies are less accurate than its accuracy "
                   "parameter says; begin with a box like i-PI's, or use keyword reset",
                   moved, much * edge);
}

// As LAMMPS does between runs. Pair styles ask for their neighbour lists once more: they have them.
void LongRange::choose_anew() {
  const int requests = neighbor->nrequest;
  force->init();
  while (neighbor->nrequest > requests)
    delete_request(neighbor->requests[--neighbor->nrequest]);
  if (force->kspace->pppmflag)
    force->kspace->reset_grid();
  force->kspace->setup();
}

} // namespace dbar
