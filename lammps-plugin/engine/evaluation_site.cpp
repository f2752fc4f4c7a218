#include "engine/evaluation_site.h"

#include "engine/descriptor_sums.h"
#include "engine/packages.h"
#include "engine/position_average.h"
#include "engine/raise_together.h"
#include "engine/round_up.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "modify.h"
#include "update.h"

using namespace LAMMPS_NS;

namespace dbar {

void EvaluationSite::init(double cutoff) {
  refuse_packages(lmp, command_);
  cutoff_ = cutoff;
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
  ghosts_.check_settings(command_.c_str(), cutoff);
}

std::optional<double **> EvaluationSite::shift() const {
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
               "{}: fix {} makes its average of step {} later in this step: define it before the fix that asks for it, "
               "and in a rerun let thermo ask",
               command_, average_id_, now);
  const bool made = average_->average_was_made();
  if (comm->me == 0)
    error->warning(FLERR,
                   "{}: fix {} has no average at step {}, as its window lacks samples ({}): {}; the next average is "
                   "that of step {}",
                   command_, average_id_, now,
                   made ? "atoms were moved or the boundary changed between two runs, or a rerun lacks frames"
                        : "the run began inside it",
                   made ? "values are nan" : "the positions of the step serve instead", now + every);
  if (made)
    return std::nullopt;
  return nullptr;
}

void EvaluationSite::move_ghosts() {
  // after fix deform has moved the box, ghosts of this step still lie where the old box put them
  if (domain->box_change)
    comm->forward_comm();
}

void EvaluationSite::place(DescriptorSums &sums, double **shift) const {
  int bad = -1;
  std::string failure = failure_of(command_, [&] { bad = sums.place(shift); });
  const bool placed = failure.empty() && bad < 0;
  const GhostReach::Moved moved = placed ? ghosts_.moved(shift) : GhostReach::Moved{};
  double most[5] = {moved.atoms, moved.images, moved.outside, -ghosts_.there(), placed ? 0.0 : 1.0};
  MPI_Allreduce(MPI_IN_PLACE, most, 5, MPI_DOUBLE, MPI_MAX, world);

  if (most[4] > 0.0) {
    if (bad >= 0)
      failure =
          fmt::format("{}: at step {} atom {} lies at {} {} {}, expected finite numbers", command_, update->ntimestep,
                      atom->tag_enable ? atom->tag[bad] : bad + 1, atom->x[bad][0], atom->x[bad][1], atom->x[bad][2]);
    raise_together(error, world, failure);
  }
  const double motion = most[0] + most[1] + most[2], needed = cutoff_ + motion;
  if (-most[3] < needed)
    error->all(FLERR,
               "{}: at step {} ghost atoms reach {:.6g}, but the descriptor cutoff {:.6g} and positions up to {:.6g} "
               "away from where neighbor lists were last made{} need {:.6g}. Add the command: comm_modify cutoff {}",
               command_, update->ntimestep, -most[3], cutoff_, motion, shift ? " (averages of a window)" : "", needed,
               round_up(1.1 * needed));
}

} // namespace dbar
