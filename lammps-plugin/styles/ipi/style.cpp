#include "styles/ipi/style.h"

#include "engine/raise_together.h"
#include "files/json_text.h"
#include "styles/compute/dbar.h"
#include "styles/compute/find.h"
#include "styles/ipi/checks.h"

#include "atom.h"
#include "comm.h"
#include "compute.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "input.h"
#include "modify.h"
#include "neighbor.h"
#include "timer.h"
#include "update.h"
#include "variable.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace LAMMPS_NS;
using namespace FixConst;

namespace {

// Atomic units with the digits of LAMMPS's own i-PI client, which agree with i-PI's
constexpr double bohr_in_angstrom = 0.52917721;
constexpr double kelvin_in_hartree = 3.1668152e-06;

} // namespace

FixDbarIpi::FixDbarIpi(LAMMPS *lmp, int narg, char **arg)
    : Fix(lmp, narg, arg), options_(lmp, narg, arg), placement_(lmp), long_range_(lmp, options_.reset) {
  compute_ = find_compute(); // an unknown ID is an error at once
  cvs_ = std::make_unique<dbar::CvSet>(lmp, "Fix dbar/ipi", options_.cv_files, compute_->record());
  for (int i = 0; i < cvs_->size(); ++i)
    add_scalar({cvs_->files()[i].name, [this, i](const std::vector<double> &D) { return cvs_->value(i, D.data()); }});
  for (const auto &name : options_.variables)
    add_variable(name);

  time_integrate = 1;
  force_reneighbor = 1;
  next_reneighbor = -1;
  box_change |= BOX_CHANGE_SIZE;
  if (domain->triclinic)
    box_change |= BOX_CHANGE_SHAPE;
  scalar_flag = 1;
  extscalar = 0;
  global_freq = 1;

  energy_ = modify->add_compute(fmt::format("{}_pe all pe", id));
  pressure_ = modify->add_compute(fmt::format("{}_press all pressure NULL virial", id));
}

FixDbarIpi::~FixDbarIpi() {
  if (!modify)
    return;
  for (const char *part : {"_pe", "_press"})
    if (modify->get_compute_by_id(std::string(id) + part))
      modify->delete_compute(std::string(id) + part);
}

ComputeDbar *FixDbarIpi::find_compute() const {
  return dbar::find_present_compute(lmp, "Fix dbar/ipi", options_.compute_id,
                                    "i-PI gets the sums of the structure that it sent");
}

void FixDbarIpi::add_variable(const std::string &name) {
  add_scalar({name, [this, name](const std::vector<double> &) {
                const int ivar = input->variable->find(name.c_str());
                if (ivar < 0 || !input->variable->equalstyle(ivar))
                  error->all(FLERR, "Fix dbar/ipi: variable {} of keyword extra does not exist or is not equal-style",
                             name);
                return input->variable->compute_equal(ivar);
              }});
}

void FixDbarIpi::add_scalar(NamedScalar scalar) {
  bool taken = scalar.name == "D" || scalar.name == "V" || scalar.name == "raw"; // i-PI keeps raw for itself
  for (const auto &other : scalars_)
    taken = taken || other.name == scalar.name;
  if (taken)
    error->all(FLERR, "Fix dbar/ipi: name {} is taken among the extras", scalar.name);
  scalars_.push_back(std::move(scalar));
}

int FixDbarIpi::setmask() {
  return INITIAL_INTEGRATE | FINAL_INTEGRATE | POST_RUN;
}

// Positions and forces are addressed by atom IDs.
void FixDbarIpi::check_count() const {
  if (static_cast<bigint>(positions_.size()) != 3 * atom->natoms)
    error->all(
        FLERR,
        "Fix dbar/ipi: the system has {} atoms now, expected {} as in the structure that i-PI waits for; unfix {} "
        "before atoms are created or deleted",
        atom->natoms, positions_.size() / 3, id);
}

void FixDbarIpi::init() {
  compute_ = find_compute();
  cvs_->check(compute_->record());
  dbar::check_ipi_system(lmp, *this);
  // structures that follow each other may be different beads
  neighbor->delay = 0;
  neighbor->every = 1;
  long_range_.begin_run();
}

// Runs `part` on rank 0; true if the connection still stands on all ranks.
template <class Part> bool FixDbarIpi::on_socket(Part part) {
  std::string failure, lost;
  int goes_on = 1;
  if (comm->me == 0) {
    try {
      goes_on = part();
    } catch (const dbar::IpiLost &e) {
      (options_.lost_is_error ? failure : lost) = e.what();
    } catch (const std::exception &e) {
      failure = e.what();
    }
    if (!failure.empty())
      failure = "Fix dbar/ipi: " + failure;
    if (!failure.empty() || !lost.empty() || !goes_on)
      socket_.close();
    if (!lost.empty())
      goes_on = 0;
  }
  dbar::raise_together(error, world, failure);
  MPI_Bcast(&goes_on, 1, MPI_INT, 0, world);
  if (!goes_on)
    end_run(lost);
  return goes_on;
}

void FixDbarIpi::end_run(const std::string &why) {
  connected_ = pending_ = false;
  ended_ = true;
  timer->force_timeout(); // the loop over steps asks the timer; post_run() takes it back
  if (comm->me != 0)
    return;
  if (why.empty())
    utils::logmesg(lmp, "fix dbar/ipi {}: i-PI said EXIT after {} structures\n", id, answered_);
  else
    error->warning(FLERR, "Fix dbar/ipi: {}, after {} structures; the run ends here", why, answered_);
}

void FixDbarIpi::connect() {
  placement_.reset();
  connected_ = on_socket([&] {
    try {
      socket_.connect(options_.address, options_.timeout);
    } catch (const std::exception &e) {
      if (answered_ == 0)
        throw;
      const char *hint = "; i-PI has left before and another run, or the next part of run N every M, needs it again";
      throw std::runtime_error(e.what() + std::string(hint));
    }
    return true;
  });
  if (comm->me == 0)
    utils::logmesg(lmp, "fix dbar/ipi {}: connected to i-PI at {}\n", id, options_.address.text());
}

// Not in init(): only a run has steps to fill.
void FixDbarIpi::setup(int) {
  if (update->whichflag != 1)
    return;
  modify->addstep_compute_all(update->ntimestep + 1); // energy and virial must be tallied then
  if (update->ntimestep < update->laststep)
    next_structure();
}

void FixDbarIpi::next_structure() {
  dbar::run_together(error, world, "Fix dbar/ipi", [this] {
    D_.assign(compute_->size(), 0.0);
    V_.assign(compute_->has_virial() ? 6 * compute_->size() : 0, 0.0);
  });
  if (!connected_)
    connect();
  if (!pending_)
    receive();
}

void FixDbarIpi::receive() {
  dbar::run_together(error, world, "Fix dbar/ipi", [this] {
    positions_.resize(3 * atom->natoms);
    result_.force.resize(3 * atom->natoms);
  });
  pending_ = on_socket([&] { return socket_.receive(cell_, positions_); });
  if (!pending_)
    return;
  MPI_Bcast(cell_.data(), 9, MPI_DOUBLE, 0, world);
  MPI_Bcast(positions_.data(), static_cast<int>(positions_.size()), MPI_DOUBLE, 0, world);
  const std::string wrong = dbar::tidy_structure(cell_, positions_, domain->triclinic);
  if (!wrong.empty())
    error->all(FLERR, "{}, at step {} after {} structures", wrong, update->ntimestep, answered_);
}

void FixDbarIpi::initial_integrate(int) {
  if (!pending_)
    next_structure(); // the first step of `run pre no`, which leaves out setup()
  if (!pending_)
    return;
  check_count();
  const double length = bohr_in_angstrom * force->angstrom;
  double cell[9];
  std::transform(cell_.begin(), cell_.end(), cell, [&](double h) { return h * length; });
  for (double &x : positions_)
    x *= length;
  if (placement_.place(cell, positions_.data()))
    next_reneighbor = update->ntimestep;
  long_range_.follow_box();
}

void FixDbarIpi::final_integrate() {
  if (!pending_)
    return;
  check_count(); // other fixes may have created or deleted atoms in this step
  const double energy_unit = kelvin_in_hartree / force->boltz;
  modify->clearstep_compute();
  result_.energy = energy_->compute_scalar() * energy_unit;
  pressure_->compute_vector();
  const double scale = energy_unit * domain->xprd * domain->yprd * domain->zprd / force->nktv2p;
  static constexpr int place[6] = {0, 4, 8, 1, 2, 5}, mirror[6] = {0, 4, 8, 3, 6, 7};
  for (int k = 0; k < 6; ++k)
    result_.virial[place[k]] = result_.virial[mirror[k]] = pressure_->vector[k] * scale;
  gather_forces();
  result_.extras = extras();
  modify->addstep_compute_all(update->ntimestep + 1);

  const auto send = [this] {
    const std::string wrong = dbar::what_is_not_finite(result_);
    if (!wrong.empty())
      throw std::runtime_error(
          fmt::format("{} is not finite at step {} after {} structures", wrong, update->ntimestep, answered_));
    return socket_.send(result_);
  };
  if (!on_socket(send))
    return;
  pending_ = false;
  ++answered_;
  // Looking for what comes next already now: after EXIT this step is the last, and no step repeats it. But
  // a run that has reached its end does not wait.
  if (update->ntimestep < update->laststep)
    receive();
}

void FixDbarIpi::gather_forces() {
  const double unit = kelvin_in_hartree / force->boltz * bohr_in_angstrom * force->angstrom;
  auto &f = result_.force;
  f.assign(3 * atom->natoms, 0.0);
  for (int i = 0; i < atom->nlocal; ++i)
    for (int k = 0; k < 3; ++k)
      f[3 * (atom->tag[i] - 1) + k] = atom->f[i][k] * unit;
  const auto size = static_cast<int>(f.size());
  MPI_Reduce(comm->me == 0 ? MPI_IN_PLACE : f.data(), f.data(), size, MPI_DOUBLE, MPI_SUM, 0, world);
}

std::string FixDbarIpi::extras() {
  const bigint owned = compute_->evaluate(nullptr, D_.data(), V_.empty() ? nullptr : V_.data());
  if (owned != atom->natoms)
    error->all(FLERR, "Fix dbar/ipi: lost atoms: {} of {} are left after {} structures", owned, atom->natoms,
               answered_);
  if (!std::all_of(D_.begin(), D_.end(), [](double d) { return std::isfinite(d); }))
    error->all(FLERR, "Fix dbar/ipi: compute {} is not finite after {} structures", options_.compute_id, answered_);
  dbar::JsonObject json;
  json.raw("D", dbar::json_numbers(D_.data(), D_.size()));
  if (!V_.empty()) {
    std::string rows;
    for (std::size_t k = 0; k < D_.size(); ++k)
      rows += (k ? "," : "") + dbar::json_numbers(&V_[6 * k], 6);
    json.raw("V", "[" + rows + "]");
  }
  for (const auto &scalar : scalars_) {
    const double value = scalar.value(D_);
    if (!std::isfinite(value))
      error->all(FLERR, "Fix dbar/ipi: {} of the extras is {} after {} structures", scalar.name, value, answered_);
    json.number(scalar.name, value);
  }
  return json.str();
}

void FixDbarIpi::post_run() {
  if (ended_)
    timer->reset_timeout(); // the script goes on with whatever comes next
  ended_ = false;
}

double FixDbarIpi::memory_usage() {
  return cvs_->memory_usage() +
         static_cast<double>((positions_.capacity() + result_.force.capacity() + D_.capacity() + V_.capacity()) *
                                 sizeof(double) +
                             result_.extras.capacity());
}
