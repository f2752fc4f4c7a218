#include "fix_dbar_stream.h"

#include "atom.h"
#include "comm.h"
#include "compute_dbar.h"
#include "error.h"
#include "json_text.h"
#include "lammps_extras.h"
#include "modify.h"
#include "observables.h"
#include "stream_session.h"
#include "update.h"

#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;

FixDbarStream::FixDbarStream(LAMMPS *lmp, int narg, char **arg)
    : Fix(lmp, narg, arg), window_(lmp) {
  if (narg < 7)
    error->all(FLERR,
               "Fix dbar/stream: expected Nevery Nrepeat Nfreq COMPUTE-ID after the style name, "
               "found {} words",
               narg - 3);
  nevery = utils::inumeric(FLERR, arg[3], false, lmp);
  nrepeat_ = utils::inumeric(FLERR, arg[4], false, lmp);
  nfreq_ = utils::inumeric(FLERR, arg[5], false, lmp);
  compute_id_ = arg[6];
  const char *names[3] = {"Nevery", "Nrepeat", "Nfreq"};
  const int values[3] = {nevery, nrepeat_, nfreq_};
  for (int k = 0; k < 3; ++k)
    if (values[k] <= 0)
      error->all(FLERR, "Fix dbar/stream: {} is {}, expected a positive number of steps", names[k],
                 values[k]);
  if (nfreq_ % nevery != 0)
    error->all(FLERR, "Fix dbar/stream: Nfreq {} is not a multiple of Nevery {}", nfreq_, nevery);
  if (static_cast<bigint>(nrepeat_) * nevery > nfreq_)
    error->all(FLERR,
               "Fix dbar/stream: Nrepeat {} times Nevery {} is {}, expected at most Nfreq {}",
               nrepeat_, nevery, static_cast<bigint>(nrepeat_) * nevery, nfreq_);
  observables_ = std::make_unique<dbar::Observables>(lmp, dbar::Observables::defaults());
  parse_keywords(narg, arg);
  find_compute();

  scalar_flag = vector_flag = 1;
  size_vector = NOUTPUT;
  extscalar = extvector = 0;
  global_freq = 1; // values are those of the newest snapshot
  time_depend = 1;
  restart_global = restart_peratom = 1;
  comm_forward = 3;
  maxexchange = 3;
  dynamic_group_allow = 1;

  session_ = std::make_unique<dbar::StreamSession>(lmp);
  window_.grow(atom->nmax);
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
  modify->addstep_compute_all(next_snapshot());
}

FixDbarStream::~FixDbarStream() {
  if (!modify)
    return;
  atom->delete_callback(id, Atom::GROW);
  atom->delete_callback(id, Atom::RESTART);
}

void FixDbarStream::parse_keywords(int narg, char **arg) {
  auto value = [&](int iarg, int count, const char *expected) {
    if (iarg + count >= narg)
      error->all(FLERR, "Fix dbar/stream: keyword {} expects {}, found nothing", arg[iarg],
                 expected);
    return std::string(arg[iarg + 1]);
  };
  int iarg = 7;
  while (iarg < narg) {
    const std::string word = arg[iarg];
    if (word == "store") {
      store_ = value(iarg, 1, "a file name or none");
      if (store_ == "none")
        store_.clear();
      iarg += 2;
    } else if (word == "monitor") {
      monitor_ = value(iarg, 1, "a TOML file, default or none");
      iarg += 2;
    } else if (word == "python") {
      callable_ = value(iarg, 1, "MODULE:CALLABLE");
      iarg += 2;
    } else if (word == "snapshot") {
      const char *expected = "none, every M or adaptive FRACTION";
      snapshot_ = value(iarg, 1, expected);
      if (snapshot_ == "none") {
        iarg += 2;
      } else if (snapshot_ == "every" || snapshot_ == "adaptive") {
        value(iarg, 2, expected);
        snapshot_value_ = utils::numeric(FLERR, arg[iarg + 2], false, lmp);
        if (snapshot_ == "every" &&
            !(snapshot_value_ >= 1.0 && snapshot_value_ == static_cast<bigint>(snapshot_value_)))
          error->all(FLERR,
                     "Fix dbar/stream: keyword snapshot every expects a positive integer, found {}",
                     arg[iarg + 2]);
        if (snapshot_ == "adaptive" && !(snapshot_value_ > 0.0 && snapshot_value_ <= 1.0))
          error->all(
              FLERR,
              "Fix dbar/stream: keyword snapshot adaptive expects a fraction in (0,1], found {}",
              arg[iarg + 2]);
        iarg += 3;
      } else {
        error->all(FLERR, "Fix dbar/stream: keyword snapshot expects {}, found {}", expected,
                   snapshot_);
      }
    } else if (word == "thermo") {
      std::vector<std::string> names;
      const char *expected = "none or N name_1 ... name_N";
      if (value(iarg, 1, expected) == "none") {
        iarg += 2;
      } else {
        const int n = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
        if (n < 1)
          error->all(FLERR, "Fix dbar/stream: keyword thermo expects {}, found {}", expected,
                     arg[iarg + 1]);
        value(iarg, n + 1, expected);
        names.assign(arg + iarg + 2, arg + iarg + 2 + n);
        iarg += n + 2;
      }
      observables_ = std::make_unique<dbar::Observables>(lmp, names);
    } else if (word == "lost") {
      const std::string choice = value(iarg, 1, "error or ignore");
      if (choice != "error" && choice != "ignore")
        error->all(FLERR, "Fix dbar/stream: keyword lost expects error or ignore, found {}",
                   choice);
      lost_error_ = choice == "error";
      iarg += 2;
    } else {
      error->all(FLERR,
                 "Fix dbar/stream: unknown keyword {}, expected store, snapshot, monitor, python, "
                 "thermo or lost",
                 word);
    }
  }
  if (snapshot_ != "none" && store_.empty())
    error->all(FLERR, "Fix dbar/stream: keyword snapshot {} needs keyword store with a file name",
               snapshot_);
  if (snapshot_ == "adaptive" && monitor_ == "none")
    error->all(FLERR,
               "Fix dbar/stream: keyword snapshot adaptive needs a monitor, found monitor none");
}

ComputeDbar *FixDbarStream::find_compute() const {
  Compute *found = modify->get_compute_by_id(compute_id_);
  if (!found)
    error->all(FLERR,
               "Fix dbar/stream: compute {} does not exist, expected the ID of a compute dbar",
               compute_id_);
  auto *compute = dynamic_cast<ComputeDbar *>(found);
  if (!compute)
    error->all(FLERR, "Fix dbar/stream: compute {} has style {}, expected dbar", compute_id_,
               found->style);
  return compute;
}

int FixDbarStream::setmask() {
  return END_OF_STEP;
}

void FixDbarStream::init() {
  compute_ = find_compute();
  observables_->check();
}

void FixDbarStream::setup(int) {
  // a new run has exchanged atoms since the average was made: ghosts must learn it again
  if (average_ready(update->ntimestep))
    comm->forward_comm(this);
  // not in init(): only now is it certain that a run, not a minimisation, will start
  if (session_->is_open() || update->whichflag != 1)
    return;
  D_.assign(compute_->size(), 0.0);
  V_.assign(compute_->has_virial() ? 6 * compute_->size() : 0, 0.0);
  session_->open(settings_json());
}

std::string FixDbarStream::settings_json() const {
  dbar::JsonObject json;
  json.text("fix_id", id).raw("descriptor", compute_->settings_json());
  json.integer("size", compute_->size()).flag("virial", compute_->has_virial());
  json.text("units", update->unit_style).number("dt", update->dt);
  json.integer("nevery", nevery).integer("nrepeat", nrepeat_).integer("nfreq", nfreq_);
  json.integer("natoms", atom->natoms).raw("thermo", dbar::json_list(observables_->names()));
  json.text_or_null("store", store_).text("monitor", monitor_).text_or_null("python", callable_);
  json.raw("snapshot",
           "[" + dbar::json_quote(snapshot_) + "," + dbar::json_number(snapshot_value_) + "]");
  json.integer("step", update->ntimestep);
  json.raw("restart", restart_step_ < 0
                          ? "null"
                          : dbar::JsonObject()
                                .integer("step", restart_step_)
                                .integer("snapshots", static_cast<bigint>(outputs_[SNAPSHOTS]))
                                .str());
  json.text("lammps_version", lmp->version).text("plugin_version", DBAR_VERSION);
  // an integer in MPICH, a pointer in Open MPI: mpi4py takes either as an integer
  json.integer("comm", (long long)(intptr_t)world);
  return json.str();
}

int FixDbarStream::steps_to_snapshot() const {
  return static_cast<int>((nfreq_ - update->ntimestep % nfreq_) % nfreq_);
}

bigint FixDbarStream::next_snapshot() const {
  return (update->ntimestep / nfreq_ + 1) * nfreq_;
}

void FixDbarStream::end_of_step() {
  const int ahead = steps_to_snapshot();
  if (ahead > (nrepeat_ - 1) * nevery)
    return;
  if (ahead == (nrepeat_ - 1) * nevery)
    window_.begin();
  else if (window_.samples() == 0)
    return; // the fix came into being inside this window
  window_.sample();
  if (ahead == 0 && window_.samples() == nrepeat_)
    take_snapshot();
}

void FixDbarStream::take_snapshot() {
  check_lost_atoms();
  window_.finish();
  averaged_step_ = update->ntimestep;
  comm->forward_comm(this);

  compute_->evaluate(window_.displacement(), D_.data(), V_.empty() ? nullptr : V_.data());
  modify->clearstep_compute();
  const auto &thermo = observables_->evaluate();
  modify->addstep_compute(next_snapshot());
  modify->addstep_compute_all(next_snapshot());

  const dbar_snapshot snapshot = {update->ntimestep,
                                  update->atime +
                                      (update->ntimestep - update->atimestep) * update->dt,
                                  static_cast<int>(D_.size()),
                                  D_.data(),
                                  V_.empty() ? nullptr : V_.data(),
                                  static_cast<int>(thermo.size()),
                                  thermo.data()};
  const dbar_decision d = session_->observe(snapshot);
  if (d.keep)
    session_->keep_positions(groupbit, window_.displacement(), snapshot);

  double seconds = session_->seconds();
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, world);
  const double outputs[NOUTPUT] = {static_cast<double>(d.state),
                                   d.mahalanobis,
                                   d.innovation,
                                   d.tau_pred,
                                   static_cast<double>(d.snapshots),
                                   static_cast<double>(d.refits),
                                   seconds};
  std::memcpy(outputs_, outputs, sizeof outputs);
}

void FixDbarStream::check_lost_atoms() {
  if (!lost_error_)
    return;
  const bigint mine = atom->nlocal;
  bigint total;
  MPI_Allreduce(&mine, &total, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  if (total != atom->natoms)
    error->all(
        FLERR,
        "Fix dbar/stream: lost atoms: {} of {} are left at step {} (keyword lost ignore goes on)",
        total, atom->natoms, update->ntimestep);
}

int FixDbarStream::pack_exchange(int i, double *buf) {
  for (int d = 0; d < 3; ++d)
    buf[d] = window_.of(i)[d];
  return 3;
}

int FixDbarStream::unpack_exchange(int nlocal, double *buf) {
  for (int d = 0; d < 3; ++d)
    window_.of(nlocal)[d] = buf[d];
  return 3;
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

// Restart file: which window this is, the outputs, and the frame of the window; sums are stored per
// atom.
void FixDbarStream::write_restart(FILE *fp) {
  constexpr int n = 4 + NOUTPUT + dbar::WindowAverage::nstate;
  double buf[n] = {static_cast<double>(update->ntimestep), static_cast<double>(nevery),
                   static_cast<double>(nrepeat_), static_cast<double>(nfreq_)};
  std::memcpy(buf + 4, outputs_, sizeof outputs_);
  window_.pack(buf + 4 + NOUTPUT);
  if (comm->me == 0) {
    const int size = n * sizeof(double);
    fwrite(&size, sizeof(int), 1, fp);
    fwrite(buf, sizeof(double), n, fp);
  }
}

void FixDbarStream::restart(char *bytes) {
  double buf[4 + NOUTPUT + dbar::WindowAverage::nstate];
  std::memcpy(buf, bytes, sizeof buf);
  restart_step_ = static_cast<bigint>(buf[0]);
  std::memcpy(outputs_, buf + 4, sizeof outputs_);
  // a window begun with other settings cannot be finished
  if (buf[1] == nevery && buf[2] == nrepeat_ && buf[3] == nfreq_)
    window_.unpack(buf + 4 + NOUTPUT);
}

int FixDbarStream::pack_restart(int i, double *buf) {
  buf[0] = 4;
  for (int d = 0; d < 3; ++d)
    buf[1 + d] = window_.of(i)[d];
  return 4;
}

void FixDbarStream::unpack_restart(int nlocal, int nth) {
  double *extra = atom->extra[nlocal];
  int m = 0;
  for (int i = 0; i < nth; ++i)
    m += static_cast<int>(extra[m]);
  for (int d = 0; d < 3; ++d)
    window_.of(nlocal)[d] = extra[m + 1 + d];
}
