#include "styles/stream/style.h"

#include "engine/raise_together.h"
#include "styles/compute/chunk_rows.h"
#include "styles/compute/dbar.h"
#include "styles/compute/find.h"
#include "styles/stream/restart_record.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "modify.h"
#include "update.h"

#include <algorithm>
#include <limits>
#include <utility>

using namespace LAMMPS_NS;
using namespace FixConst;

FixDbarStream::FixDbarStream(LAMMPS *lmp, int narg, char **arg)
    : Fix(lmp, narg, arg), options_(lmp, narg, arg), window_(lmp), ids_(lmp), observables_(lmp, options_.thermo),
      seldom_(lmp, options_.seldom_every, options_.seldom), session_(lmp), lost_(lmp),
      settings_(lmp, id, ids_, options_.looks_back()),
      estimates_(4 * options_.observe.size(), std::numeric_limits<double>::quiet_NaN()) {
  dbar::find_compute(lmp, "Fix dbar/stream", options_.compute_id); // an unknown ID is an error at once
  if (!options_.chunk_id.empty()) {
    chunks_ = std::make_unique<dbar::ChunkRows>(lmp, "Fix dbar/stream", options_.chunk_id);
    chunks_->sets().find();
  }

  outputs_[CHANGE_STEP] = -1;
  nevery = options_.nevery;
  scalar_flag = vector_flag = 1;
  size_vector = NOUTPUT + static_cast<int>(estimates_.size());
  extscalar = extvector = 0;
  global_freq = 1; // values are those of the newest snapshot
  time_depend = 1;
  restart_global = restart_peratom = 1;
  comm_forward = 3;
  maxexchange = dbar::WindowAverage::nper_atom + dbar::KnownIds::nper_atom;
  dynamic_group_allow = 1;
  create_attribute = 1; // set_arrays() for atoms that come later

  grow_arrays(atom->nmax);
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
}

FixDbarStream::~FixDbarStream() {
  if (!modify)
    return;
  atom->delete_callback(id, Atom::GROW);
  atom->delete_callback(id, Atom::RESTART);
}

double FixDbarStream::memory_usage() {
  return window_.memory_usage() + ids_.memory_usage() + positions_.memory_usage() + previous_.memory_usage() +
         (chunks_ ? chunks_->memory_usage() : 0.0);
}

int FixDbarStream::setmask() {
  return END_OF_STEP | PRE_EXCHANGE | PRE_NEIGHBOR | MIN_PRE_EXCHANGE | MIN_PRE_NEIGHBOR;
}

void FixDbarStream::init() {
  // atoms come out of a restart file one by one, on each rank its own
  dbar::raise_together(error, world,
                       !foreign_
                           ? ""
                           : fmt::format("Fix dbar/stream: fix {} in the restart file has {} numbers for an atom, "
                                         "expected {}: another version of dbar wrote it, or it is damaged",
                                         id, *foreign_, size_restart(0)));
  compute_ = dbar::find_compute(lmp, "Fix dbar/stream", options_.compute_id);
  settings_.check_compute(*compute_);
  observables_.check();
  seldom_.check();
  if (chunks_) {
    chunks_->sets().find();
    if (!session_.is_open())
      modify->addstep_compute_all(update->ntimestep); // chunks may come of energies, which setup() asks for
  }
  if (update->whichflag == 2)
    window_.begin(); // a minimization moves atoms: what the window has so far is of other positions
  modify->addstep_compute_all(options_.next_snapshot(update->ntimestep)); // pressure and energy must be tallied then
}

void FixDbarStream::setup(int) {
  // a new run has exchanged atoms since the average was made: ghosts must learn it again
  if (average_ready(update->ntimestep))
    comm->forward_comm(this);
  // not in init(): only now is it certain that a run, not a minimisation, will start
  if (update->whichflag != 1)
    return;
  if (!session_.is_open()) {
    if (chunks_) { // only now are they known, of which the store is told how many there are
      modify->clearstep_compute();
      chunks_->begin((compute_->has_virial() ? 7 : 1) * compute_->size(), options_.grid);
    }
    std::string settings;
    dbar::run_together(error, world, "Fix dbar/stream", [&] {
      D_.assign(compute_->size(), 0.0);
      V_.assign(compute_->has_virial() ? 6 * compute_->size() : 0, 0.0);
      settings = settings_json();
    });
    session_.open(settings);
    if (options_.late && session_.wants_comm())
      error->all(FLERR,
                 "Fix dbar/stream: keyword late yes needs a function that does not ask for comm, found python {}",
                 options_.callable);
    dbar::run_together(error, world, "Fix dbar/stream", [this] { settings_.begin(*compute_); });
  }
  begin_run();
  check_reference();
}

// Once in each run, also in one that LAMMPS does not set up (`pre no`): then the compute may be another than init()
// knew.
void FixDbarStream::begin_run() {
  run_step_ = update->firststep;
  collect(); // left there by a run that an error has ended
  compute_ = dbar::find_compute(lmp, "Fix dbar/stream", options_.compute_id);
  if (!compute_->is_initialized())
    error->all(FLERR, "Fix dbar/stream: no run has set up compute {} since it was defined: use run pre yes",
               compute_->id);
  if (chunks_)
    chunks_->check_run();
  if (options_.snapshot != "none")
    ids_.check(id); // kept positions are told apart by them
  settings_.check_all(*compute_);
}

void FixDbarStream::post_run() {
  run_step_ = -1; // the next one may begin at the same step
  if (!session_.is_open())
    return;
  collect();
  ids_.learn();
  settings_.end_run(*compute_);
}

// A reference that the run cannot reach would never be frozen, and nobody would notice.
void FixDbarStream::check_reference() const {
  const bigint now = update->ntimestep, made = session_.snapshots(), reference = session_.reference();
  if (made >= reference || update->nsteps == 0)
    return;
  const bool in_flight = window_.samples() > 0 && window_.goes_on() && sampled_step_ == options_.last_sample(now);
  const bigint ahead = options_.snapshots_until(update->endstep, now, in_flight);
  if (made + ahead < reference)
    error->all(
        FLERR,
        "Fix dbar/stream: reference {}: {} snapshots are there and this run makes {} more up to step {}, expected "
        "at least {} in all (runs that follow, and pieces of run every, are announced by run N stop STEP)",
        reference, made, ahead, update->endstep, reference);
}

void FixDbarStream::end_of_step() {
  if (!session_.is_open())
    error->all(FLERR, "Fix dbar/stream: run pre no comes before any run that sets up the stream: use run pre yes");
  const bigint now = update->ntimestep, ahead = options_.steps_to_snapshot(now);
  turn_step_ = now;
  if (run_step_ != update->firststep)
    begin_run();
  if (ahead > options_.window())
    return;
  const bool first = ahead == options_.window();
  // also drops a window that lacks a sample, as between the frames of a rerun, or one of another boundary
  if (first || sampled_step_ != now - nevery || !window_.goes_on())
    window_.begin();
  if (first || window_.samples() > 0) {
    window_.sample(options_.nrepeat > 1 ? nevery : 0);
    sampled_step_ = now;
  }
  if (ahead > 0)
    return;
  if (window_.samples() == options_.nrepeat)
    take_snapshot();
  modify->addstep_compute_all(options_.next_snapshot(now)); // whether there was a snapshot now or not
}

void FixDbarStream::take_snapshot() {
  collect();
  settings_.check_timestep(); // fix dt/reset changes it within a run
  const std::string &doubt = window_.doubt();
  dbar::raise_together(error, world, doubt.empty() ? "" : "Fix dbar/stream: " + doubt);
  window_.finish();
  averaged_step_ = update->ntimestep;
  comm->forward_comm(this);

  if (chunks_) {
    modify->clearstep_compute(); // chunks may come of another compute
    chunks_->assign();
  }
  double *V = V_.empty() ? nullptr : V_.data();
  const bigint owned = compute_->evaluate(window_.displacement(), D_.data(), V, chunks_.get());
  const bigint lost = lost_.count(), expected = lost > 0 ? owned + lost : atom->natoms;
  if (options_.lost_error && owned != expected)
    error->all(FLERR, "Fix dbar/stream: lost atoms: {} of {} are left at step {} (keyword lost ignore goes on)", owned,
               expected, update->ntimestep);
  modify->clearstep_compute();
  std::vector<double> thermo = observables_.evaluate();
  seldom_.evaluate(session_.snapshots(), thermo);

  const double time = update->atime + (update->ntimestep - update->atimestep) * update->dt;
  const dbar_snapshot snapshot = {update->ntimestep,
                                  time,
                                  static_cast<int>(D_.size()),
                                  D_.data(),
                                  V,
                                  static_cast<int>(thermo.size()),
                                  thermo.data(),
                                  chunks_ ? chunks_->count() : 0,
                                  chunks_ ? chunks_->rows() : nullptr};
  const auto remember = [&] {
    dbar::run_together(error, world, "Fix dbar/stream",
                       [&] { positions_.take(lmp, groupbit, window_.displacement(), snapshot.step, snapshot.time); });
  };
  if (options_.late) {
    if (options_.snapshot != "none") // they may be wanted when the atoms have gone on
      remember();
    session_.begin(snapshot, estimates_.size());
    return;
  }
  const dbar_decision decision = session_.observe(snapshot, estimates_);
  if (decision.keep || options_.snapshot == "adaptive")
    remember();
  decide(decision);
}

// Collective. Waits for the decision on a snapshot that Python is still at work on, if there is one.
void FixDbarStream::collect() {
  if (session_.at_work())
    decide(session_.finish(estimates_));
}

void FixDbarStream::decide(const dbar_decision &d) {
  keep_positions(d.keep);
  outputs_[STATE] = d.state;
  outputs_[MAHALANOBIS] = d.mahalanobis;
  outputs_[INNOVATION] = d.innovation;
  outputs_[TAU_PRED] = d.tau_pred;
  outputs_[SNAPSHOTS] = d.snapshots;
  outputs_[REFITS] = d.refits;
  outputs_[SECONDS] = session_.seconds();
  outputs_[CONSECUTIVE] = d.consecutive;
  outputs_[CHANGE_STEP] = d.change_step;
  outputs_[EVIDENCE] = d.evidence;
  outputs_[REGIME] = d.regime;
}

// Rows of the store are in the order of their steps: the snapshot before goes first.
void FixDbarStream::keep_positions(int keep) {
  if (keep & DBAR_KEEP_PREVIOUS && previous_.step >= 0)
    session_.keep_positions(previous_);
  if (keep & DBAR_KEEP_THIS)
    session_.keep_positions(positions_);
  if (options_.snapshot == "adaptive")
    std::swap(previous_, positions_);
}

int FixDbarStream::pack_exchange(int i, double *buf) {
  window_.pack_atom(i, buf);
  ids_.pack_atom(i, buf + dbar::WindowAverage::nper_atom);
  return maxexchange;
}

int FixDbarStream::unpack_exchange(int nlocal, double *buf) {
  window_.unpack_atom(nlocal, buf);
  ids_.unpack_atom(nlocal, buf + dbar::WindowAverage::nper_atom);
  return maxexchange;
}

// A displacement needs no periodic shift, so ghosts get it as it is.
int FixDbarStream::pack_forward_comm(int n, int *list, double *buf, int, int *) {
  int m = 0;
  for (int k = 0; k < n; ++k)
    for (int d = 0; d < 3; ++d)
      buf[m++] = window_.of(list[k])[d];
  return m;
}

void FixDbarStream::unpack_forward_comm(int n, int first, double *buf) {
  for (int i = first; i < first + n; ++i)
    for (int d = 0; d < 3; ++d)
      window_.of(i)[d] = *buf++;
}

void FixDbarStream::write_restart(FILE *fp) {
  collect();
  if (sampled_step_ != options_.last_sample(update->ntimestep))
    window_.begin(); // lacks a sample already: to the run that goes on it must not look whole
  dbar::RestartRecord record;
  record.step = static_cast<double>(update->ntimestep);
  record.nevery = nevery;
  record.nrepeat = options_.nrepeat;
  record.nfreq = options_.nfreq;
  window_.pack(record.window);
  record.outputs.assign(outputs_, outputs_ + NOUTPUT);
  record.observed = options_.observe;
  record.estimates = estimates_;
  if (comm->me == 0)
    record.write(fp);
}

void FixDbarStream::restart(char *bytes) {
  dbar::RestartRecord record;
  const std::string wrong = record.read(bytes, NOUTPUT, domain->periodicity);
  if (!wrong.empty())
    error->all(FLERR, "Fix dbar/stream: fix {} in the restart file {}", id, wrong);
  restart_step_ = static_cast<bigint>(record.step);
  std::copy(record.outputs.begin(), record.outputs.end(), outputs_);
  if (record.observed == options_.observe &&
      record.estimates.size() == estimates_.size()) // else not known until the next snapshot
    estimates_ = record.estimates;
  // a window begun with other settings cannot be finished
  if (record.nevery == options_.nevery && record.nrepeat == options_.nrepeat && record.nfreq == options_.nfreq) {
    window_.unpack(record.window);
    sampled_step_ = options_.last_sample(restart_step_);
  }
}

int FixDbarStream::pack_restart(int i, double *buf) {
  buf[0] = size_restart(i);
  window_.pack_atom(i, buf + 1);
  return size_restart(i);
}

void FixDbarStream::unpack_restart(int nlocal, int nth) {
  double length = 0.0;
  const double *numbers = dbar::record_of_atom(atom->extra[nlocal], atom->nextra_store, nth, length);
  if (numbers && length == size_restart(nlocal))
    window_.unpack_atom(nlocal, numbers);
  else if (numbers && length == 4.0) // of versions that trusted image flags
    window_.unpack_old_atom(nlocal, numbers);
  else
    foreign_ = length;
}
