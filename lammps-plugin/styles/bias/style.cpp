#include "styles/bias/style.h"

#include "engine/cv_set.h"
#include "engine/descriptor_sums.h"
#include "engine/raise_together.h"
#include "kernels/descriptor.h"
#include "styles/bias/answer_record.h"
#include "styles/bias/monte_carlo.h"
#include "styles/bias/plumed_session.h"
#include "styles/compute/dbar.h"
#include "styles/compute/find.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "group.h"
#include "modify.h"
#include "timer.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>

using namespace LAMMPS_NS;
using namespace FixConst;

static const std::string prefix = "Fix dbar/plumed: ";

FixDbarPlumed::FixDbarPlumed(LAMMPS *lmp, int narg, char **arg)
    : Fix(lmp, narg, arg), options_(lmp, narg, arg), site_(lmp, "Fix dbar/plumed", "") {
  compute_ = find_compute();
  std::string failure;
  if (comm->me == 0)
    try {
      dbar::Plumed::load();
    } catch (const std::exception &e) {
      failure = prefix + e.what();
    }
  dbar::raise_together(error, world, failure);
  cvs_ = std::make_unique<dbar::CvSet>(lmp, "Fix dbar/plumed", options_.cv_files, compute_->record());

  const int n = cvs_->size();
  answer_.value.assign(n, 0.0);
  answer_.force.assign(n, 0.0);
  scalar_flag = vector_flag = 1;
  extscalar = 1;
  extvector = 0;
  size_vector = 2 * n + 2;
  global_freq = 1;
  energy_global_flag = virial_global_flag = 1;
  thermo_energy = thermo_virial = 1;
  time_depend = 1;
  restart_global = 1;
  comm_reverse = 3;
  dynamic_group_allow = 1;
}

FixDbarPlumed::~FixDbarPlumed() = default;

ComputeDbar *FixDbarPlumed::find_compute() const {
  return dbar::find_present_compute(lmp, "Fix dbar/plumed", options_.compute_id,
                                    "a bias acts on the positions of the step");
}

int FixDbarPlumed::setmask() {
  return PRE_REVERSE | MIN_PRE_REVERSE | POST_FORCE | MIN_POST_FORCE | POST_RUN;
}

void FixDbarPlumed::init() {
  if (utils::strmatch(update->integrate_style, "^respa"))
    error->all(FLERR, "Fix dbar/plumed: found run_style respa, expected verlet and the keyword every");
  dbar::refuse_monte_carlo(modify, error, "Fix dbar/plumed");
  compute_ = find_compute();
  cvs_->check(compute_->record());
  find_members();
  dbar::make_room_for_ghosts(force, error, "Fix dbar/plumed", comm_reverse);

  site_.init(compute_->descriptor().cutoff());
}

// LAMMPS chooses the members of a dynamic group after the forces of a step, fix after fix.
void FixDbarPlumed::find_members() {
  dynamic_ = group->dynamic[compute_->igroup] != 0;
  const std::string name = group->names[compute_->igroup];
  if (dynamic_ && modify->find_fix("GROUP_" + name) > modify->find_fix(id))
    error->all(FLERR,
               "Fix dbar/plumed: group {} of compute {} has become dynamic after fix {}, expected before: its members "
               "would be those of the step before; unfix {} and define it again",
               name, options_.compute_id, id, id);
}

void FixDbarPlumed::start_plumed() {
  if (started_) {
    if (update->dt != timestep_)
      error->all(
          FLERR,
          "Fix dbar/plumed: the timestep is now {}, but PLUMED was started with {} and cannot change it; unfix and "
          "define the fix again",
          update->dt, timestep_);
    return;
  }
  std::string failure;
  if (comm->me == 0)
    try {
      dbar::PlumedSettings s;
      s.input = options_.plumed_file;
      s.log = options_.out;
      for (const auto &cv : cvs_->files())
        s.names.push_back(cv.name);
      s.units = update->unit_style;
      s.angstrom = force->angstrom;
      s.femtosecond = force->femtosecond;
      s.timestep = update->dt;
      s.thermal_energy = force->boltz * options_.temperature;
      s.restart = restarted_;
      plumed_ = std::make_unique<dbar::PlumedSession>(s);
      for (const auto &name : plumed_->unused())
        error->warning(FLERR, "Fix dbar/plumed: {} has no EXTRACV NAME={}", options_.plumed_file, name);
    } catch (const std::exception &e) {
      failure = prefix + e.what();
    }
  dbar::raise_together(error, world, failure);
  timestep_ = update->dt;
  started_ = true;
}

void FixDbarPlumed::begin_run(int vflag) {
  start_plumed();
  dbar::run_together(error, world, "Fix dbar/plumed",
                     [this] { cvs_->begin_run(compute_->local_sums(), compute_->groupbit); });
  const bigint step = update->ntimestep;
  if (update->whichflag == 2)
    return minimizer_step(vflag);
  if (answer_.step != step || step % options_.every != 0)
    return act(vflag);

  // A run that goes on at the step where another ended (in this process, or in the one that wrote the restart file)
  // must go on with the forces that the atoms had: meanwhile PLUMED has added to its bias what that step deposited.
  begin_step(vflag);
  const Answer earlier = answer_;
  evaluate();
  const bool same = values_continue(earlier);
  const bool first = updated_step_ != step; // PLUMED has just begun: its first step is one without a hill
  if (first || !same) {
    ask();
    calculate(first);
  }
  if (same)
    answer_ = earlier;
  add_forces(options_.every);
}

// Whether the collective variables are what they were, but for rounding. Their units and sizes are the user's.
bool FixDbarPlumed::values_continue(const Answer &earlier) const {
  for (int i = 0; i < cvs_->size(); ++i)
    if (!(std::abs(answer_.value[i] - earlier.value[i]) <= 1e-9 * std::abs(earlier.value[i]) + 1e-12 * cvs_->summed(i)))
      return false;
  return true;
}

void FixDbarPlumed::act(int vflag) {
  begin_step(vflag);
  if (update->ntimestep % options_.every != 0)
    return;
  if (ask())
    evaluate();
  calculate(updated_step_ != update->ntimestep); // dynamical_matrix comes here many times at one step
  add_forces(options_.every);
}

// A minimiser compares energies of one function: each evaluation counts, and the bias stays as it is.
void FixDbarPlumed::minimizer_step(int vflag) {
  begin_step(vflag);
  if (ask())
    evaluate();
  calculate(false);
  add_forces(1.0);
}

void FixDbarPlumed::begin_step(int vflag) {
  running_ = true; // not in begin_run(): `run pre no` leaves that out
  v_init(vflag);
  std::fill_n(virial, 6, 0.0);
  forces_step_ = update->ntimestep;
}

dbar::PlumedSession::Cell FixDbarPlumed::cell() const {
  const double *h = domain->h; // xx yy zz yz xz xy
  return {h[0], 0.0, 0.0, h[5], h[1], 0.0, h[4], h[3], h[2]};
}

// Whether PLUMED needs the collective variables at this step.
bool FixDbarPlumed::ask() {
  std::string failure;
  int state[2] = {0, 0}; // failed, needed
  if (comm->me == 0)
    try {
      state[1] = plumed_->prepare(update->ntimestep, cell());
    } catch (const std::exception &e) {
      failure = prefix + e.what();
      state[0] = 1;
    }
  MPI_Bcast(state, 2, MPI_INT, 0, world);
  if (state[0])
    dbar::raise_together(error, world, failure);
  return state[1] != 0;
}

void FixDbarPlumed::evaluate() {
  site_.place(cvs_->sums(), nullptr);
  cvs_->evaluate(answer_.value);
  value_step_ = update->ntimestep;
  ++evaluations_;
}

void FixDbarPlumed::calculate(bool update_plumed) {
  const int n = cvs_->size();
  std::vector<double> reply(n + 3, 0.0); // failed, stop, bias, forces
  std::string failure;
  if (comm->me == 0)
    try {
      bool stop = false;
      reply[2] = plumed_->calculate(answer_.value.data(), update_plumed, &reply[3], &stop);
      reply[1] = stop;
    } catch (const std::exception &e) {
      failure = prefix + e.what();
      reply[0] = 1.0;
    }
  MPI_Bcast(reply.data(), n + 3, MPI_DOUBLE, 0, world);
  if (reply[0] != 0.0)
    dbar::raise_together(error, world, failure);
  if (reply[1] != 0.0)
    timer->force_timeout();
  answer_.step = update->ntimestep;
  answer_.bias = reply[2];
  std::copy(reply.begin() + 3, reply.end(), answer_.force.begin());
  if (update_plumed)
    updated_step_ = update->ntimestep;
}

// Adds -dB/dx, times `factor`, and the virial of it.
void FixDbarPlumed::add_forces(double factor) {
  if (std::all_of(answer_.force.begin(), answer_.force.end(), [](double f) { return f == 0.0; }))
    return;
  const bool brought = force->newton && !dynamic_; // LAMMPS will communicate forces of ghosts
  dbar::run_together(error, world, "Fix dbar/plumed",
                     [&] { cvs_->add_forces(answer_.force, factor, ghosts_.begin(atom, brought), virial); });
  if (!brought) {
    comm->reverse_comm(this);
    ghosts_.add_to(atom);
  }
  ++gradients_;
}

void FixDbarPlumed::post_run() {
  running_ = false;
  if (comm->me == 0)
    std::fflush(nullptr); // PLUMED keeps its files open; this lets others read them
}

double FixDbarPlumed::compute_vector(int i) {
  const int n = cvs_->size();
  // output at a step that PLUMED did not need; between runs positions and lists may be anything
  if (i < n && running_ && forces_step_ == update->ntimestep && value_step_ != forces_step_) {
    site_.move_ghosts();
    evaluate();
  }
  if (i < n)
    return answer_.value[i];
  if (i < 2 * n)
    return -answer_.force[i - n];
  return static_cast<double>(i == 2 * n ? evaluations_ : gradients_);
}

double FixDbarPlumed::memory_usage() {
  return cvs_->memory_usage() + ghosts_.memory_usage();
}

// Restart file: what PLUMED said last. Its own state is in its own files, as always.
void FixDbarPlumed::write_restart(FILE *fp) {
  const dbar::AnswerRecord record = {answer_.step, answer_.bias, answer_.value, answer_.force};
  if (comm->me == 0)
    record.write(fp);
}

void FixDbarPlumed::restart(char *bytes) {
  restarted_ = true;
  dbar::AnswerRecord record;
  const std::string wrong = record.read(bytes, cvs_->size());
  if (!wrong.empty())
    error->all(FLERR, "Fix dbar/plumed: fix {} in the restart file {}", id, wrong);
  if (record.value.empty())
    return; // other collective variables: their forces say nothing about ours
  answer_.step = record.step;
  answer_.bias = record.bias;
  answer_.value = record.value;
  answer_.force = record.force;
}
