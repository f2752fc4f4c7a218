#include "engine/evaluation_site.h"

#include "engine/lammps_extras.h"
#include "engine/position_average.h"

#include "atom.h"
#include "comm.h"
#include "compute.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "force.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <algorithm>
#include <cmath>

using namespace LAMMPS_NS;

namespace dbar {

namespace {

// Own cutoff: the descriptor may see further, or less far, than the pair style.
template <class Style> void request_list(Neighbor *neighbor, Style *owner, double cutoff) {
  auto *request = neighbor->add_request(owner, NeighConst::REQ_FULL | NeighConst::REQ_OCCASIONAL);
  request->set_cutoff(cutoff + neighbor->skin);
}

} // namespace

void EvaluationSite::init(Compute *owner, double cutoff) {
  own_list_.begin_run();
  average_ = nullptr;
  if (averages()) {
    Fix *fix = modify->get_fix_by_id(average_id_);
    if (!fix)
      error->all(FLERR, "{}: fix {} of keyword average does not exist", command_, average_id_);
    average_ = dynamic_cast<PositionAverage *>(fix);
    if (!average_)
      error->all(FLERR,
                 "{}: fix {} of keyword average has style {}, expected one that averages "
                 "positions (dbar/stream)",
                 command_, average_id_, fix->style);
  }
  check_ghost_cutoff(cutoff);
  if (atom->molecular != Atom::ATOMIC)
    for (int k = 1; k < 4; ++k)
      if (force->special_lj[k] == 0.0 && force->special_coul[k] == 0.0 && comm->me == 0)
        error->warning(FLERR,
                       "{}: special_bonds with lj and coul weights 0 removes bonded pairs from the "
                       "neighbor list; they are missing from the descriptor (use tiny weights, e.g. 1e-50)",
                       command_);

  request_list(neighbor, owner, cutoff);
}

// LAMMPS would want ghosts further away by another skin for a list that it builds by itself.
void EvaluationSite::init(Fix *owner, double cutoff) {
  own_list_.begin_run();
  request_list(neighbor, owner, cutoff);
}

void EvaluationSite::check_ghost_cutoff(double cutoff) const {
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR,
               "{}: needs the same ghost cutoff for all types, found comm_modify "
               "mode multi; use mode single",
               command_);
  const double needed = cutoff + neighbor->skin;
  // Comm::get_comm_cutoff() knows the pair cutoff only after this init()
  const double found = std::max(comm->cutghostuser, force->pair ? force->pair->cutforce + neighbor->skin : 0.0);
  if (found < needed)
    error->all(FLERR,
               "{}: ghost atoms reach {:.6g}, but the descriptor cutoff {:.6g} plus the "
               "neighbor skin {:.6g} "
               "needs {:.6g}. Add the command: comm_modify cutoff {:.6g}",
               command_, found, cutoff, neighbor->skin, needed, std::ceil(needed * 100.0) / 100.0);
}

double **EvaluationSite::shift() const {
  if (!average_)
    return nullptr;
  const bigint now = update->ntimestep;
  if (average_->average_ready(now))
    return average_->average_displacement();
  // before the first average of a run the current positions serve, and in a minimization, which has none
  if (now == update->firststep || update->whichflag == 2)
    return nullptr;
  const int every = average_->average_every();
  if (now % every != 0)
    error->all(FLERR, "{}: fix {} has no average at step {}; output only at steps that are multiples of {}{}", command_,
               average_id_, now, every,
               now == update->laststep ? ", which the last step of a run has to be (run ... upto)" : "");
  if (!average_->average_was_due(now))
    error->all(FLERR,
               "{}: fix {} makes its average of step {} later in this step: define it before the fix that asks for it",
               command_, average_id_, now);
  if (comm->me == 0)
    error->warning(FLERR,
                   "{}: fix {} has no average at step {}, as its window lacks samples (the run began inside it): the "
                   "positions of the step serve instead; the next average is that of step {}",
                   command_, average_id_, now, now + every);
  return nullptr;
}

void EvaluationSite::move_ghosts() {
  // after fix deform has moved the box, ghosts of this step still lie where the old box put them
  if (domain->box_change)
    comm->forward_comm();
}

void EvaluationSite::refresh(NeighList *list) {
  own_list_.refresh(neighbor, update, list);
}

// Averaged positions are searched in a list made for the current ones, in bins made at the last
// reneighboring: no pair within the cutoff is missed if neither is further than half the skin away.
double EvaluationSite::missed(double **shift) const {
  if (!shift)
    return 0.0;
  const double limit = 0.25 * neighbor->skin * neighbor->skin;
  double **hold = neighbor->dist_check ? neighbor->get_xhold() : nullptr;
  int missed = 0;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *d = shift[i];
    bool far = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] > limit;
    if (hold && !far) {
      double rsq = 0.0;
      for (int k = 0; k < 3; ++k) {
        const double delta = atom->x[i][k] + d[k] - hold[i][k];
        rsq += delta * delta;
      }
      far = rsq > limit;
    }
    missed += far;
  }
  return missed;
}

void EvaluationSite::stop_if(double missed) const {
  if (missed > 0.0)
    error->all(FLERR,
               "{}: at step {} the averaged position of {:.0f} atoms lies more than half the neighbor skin "
               "({:.6g}) from where neighbors were found; shorten the averaging window or raise the skin "
               "(neighbor command)",
               command_, update->ntimestep, missed, 0.5 * neighbor->skin);
}

} // namespace dbar
