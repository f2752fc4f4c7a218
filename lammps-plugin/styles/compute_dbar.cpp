#include "compute_dbar.h"

#include "atom.h"
#include "comm.h"
#include "descriptor.h"
#include "domain.h"
#include "error.h"
#include "families.h"
#include "fix.h"
#include "force.h"
#include "group.h"
#include "json_text.h"
#include "lammps_extras.h"
#include "memory.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "neighbourhoods.h"
#include "pair.h"
#include "position_average.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

using namespace LAMMPS_NS;

ComputeDbar::ComputeDbar(LAMMPS *lmp, int narg, char **arg) : Compute(lmp, narg, arg) {
  if (narg < 5) {
    std::string families;
    for (const auto &name : dbar::family_names())
      families += (families.empty() ? "" : ", ") + name;
    error->all(FLERR, "Compute dbar: expected a FAMILY ({}) and a cutoff Rcut after the style name", families);
  }
  family_ = arg[3];
  rcut_ = utils::numeric(FLERR, arg[4], false, lmp);

  std::vector<std::string> words; // those of the family
  auto yesno = [&](int iarg) {
    if (iarg + 1 >= narg)
      error->all(FLERR, "Compute dbar: keyword {} expects yes or no, found nothing", arg[iarg]);
    const std::string value = arg[iarg + 1];
    if (value != "yes" && value != "no")
      error->all(FLERR, "Compute dbar: keyword {} expects yes or no, found {}", arg[iarg], value);
    return value == "yes";
  };
  for (int iarg = 5; iarg < narg; ++iarg) {
    if (strcmp(arg[iarg], "virial") == 0) {
      virial_ = yesno(iarg++);
    } else if (strcmp(arg[iarg], "perspecies") == 0) {
      perspecies_ = yesno(iarg++);
    } else if (strcmp(arg[iarg], "average") == 0) {
      if (iarg + 1 >= narg)
        error->all(FLERR, "Compute dbar: keyword average expects a fix ID, found nothing");
      average_id_ = arg[++iarg];
    } else {
      words.push_back(arg[iarg]);
    }
  }
  std::string failure, isa;
  try {
    isa = dbar::active_isa();
    descriptor_ = dbar::make_descriptor(family_, rcut_, words, atom->ntypes);
  } catch (const dbar::BadSetting &e) {
    failure = std::string("Compute dbar: ") + e.what();
  }
  if (!failure.empty())
    error->all(FLERR, failure);
  if (comm->me == 0)
    utils::logmesg(lmp, "compute dbar {}: {}, {} components per atom, {} kernel\n", id, family_, descriptor_->size(),
                   isa);

  const int blocks = perspecies_ ? atom->ntypes : 1;
  vector_flag = 1;
  extvector = 1;
  size_vector = 1 + blocks * descriptor_->size();
  vector = new double[size_vector]();
  if (virial_) {
    array_flag = 1;
    extarray = 1;
    size_array_rows = size_vector;
    size_array_cols = 6;
    memory->create(array, size_array_rows, size_array_cols, "dbar:array");
    std::fill_n(array[0], size_array_rows * size_array_cols, 0.0);
  }
}

ComputeDbar::~ComputeDbar() {
  delete[] vector;
  if (array)
    memory->destroy(array);
}

void ComputeDbar::init() {
  if (group->count(igroup) == 0 && !group->dynamic[igroup])
    error->all(FLERR, "Compute dbar: group {} of compute {} has no atoms, expected at least one central atom",
               group->names[igroup], id);
  average_ = nullptr;
  if (!average_id_.empty()) {
    Fix *fix = modify->get_fix_by_id(average_id_);
    if (!fix)
      error->all(FLERR, "Compute dbar: fix {} of keyword average does not exist", average_id_);
    average_ = dynamic_cast<dbar::PositionAverage *>(fix);
    if (!average_)
      error->all(FLERR,
                 "Compute dbar: fix {} of keyword average has style {}, expected one that averages "
                 "positions (dbar/stream)",
                 average_id_, fix->style);
  }
  check_ghost_cutoff();
  if (atom->molecular != Atom::ATOMIC)
    for (int k = 1; k < 4; ++k)
      if (force->special_lj[k] == 0.0 && force->special_coul[k] == 0.0 && comm->me == 0)
        error->warning(FLERR, "Compute dbar: special_bonds with lj and coul weights 0 removes bonded pairs from the "
                              "neighbor list; they are missing from the descriptor (use tiny weights, e.g. 1e-50)");

  // own cutoff: the descriptor may see further, or less far, than the pair style
  auto *request = neighbor->add_request(this, NeighConst::REQ_FULL | NeighConst::REQ_OCCASIONAL);
  request->set_cutoff(descriptor_->cutoff() + neighbor->skin);
}

void ComputeDbar::check_ghost_cutoff() {
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "Compute dbar: needs the same ghost cutoff for all types, found comm_modify "
                      "mode multi; use mode single");
  const double needed = descriptor_->cutoff() + neighbor->skin;
  // Comm::get_comm_cutoff() knows the pair cutoff only after this init()
  const double found = std::max(comm->cutghostuser, force->pair ? force->pair->cutforce + neighbor->skin : 0.0);
  if (found < needed)
    error->all(FLERR,
               "Compute dbar: ghost atoms reach {:.6g}, but the descriptor cutoff {:.6g} plus the "
               "neighbor skin {:.6g} "
               "needs {:.6g}. Add the command: comm_modify cutoff {:.6g}",
               found, descriptor_->cutoff(), neighbor->skin, needed, std::ceil(needed * 100.0) / 100.0);
}

void ComputeDbar::init_list(int, NeighList *ptr) {
  list_ = ptr;
  workers_.clear();
  for (int t = 0; t < std::max(comm->nthreads, 1); ++t) {
    Worker worker;
    worker.descriptor = descriptor_->clone();
    worker.neighbourhoods = std::make_unique<dbar::Neighbourhoods>(atom, list_, *worker.descriptor);
    workers_.push_back(std::move(worker));
  }
}

void ComputeDbar::compute_vector() {
  refresh();
  invoked_vector = update->ntimestep;
}

void ComputeDbar::compute_array() {
  // one evaluation gives both
  if (!((invoked_flag & INVOKED_VECTOR) && invoked_vector == update->ntimestep))
    refresh();
  invoked_array = update->ntimestep;
}

void ComputeDbar::refresh() {
  double **shift = nullptr;
  if (average_) {
    if (average_->average_ready(update->ntimestep))
      shift = average_->average_displacement();
    else if (update->ntimestep != update->firststep) // before the first average the current positions serve
      error->all(FLERR,
                 "Compute dbar: fix {} has no average at step {}; output only at steps that are "
                 "multiples of {}",
                 average_id_, update->ntimestep, average_->average_every());
  }
  evaluate(shift, vector, virial_ ? array[0] : nullptr);
}

bigint ComputeDbar::evaluate(double **shift, double *D, double *V) {
  // after fix deform has moved the box, ghosts of this step still lie where the old box put them
  if (domain->box_change)
    comm->forward_comm();
  rebuild_list();

  const int nD = size_vector, nV = V ? 6 * size_vector : 0;
  sums_.assign(nD + nV + 2, 0.0);
  double &missed = sums_[nD + nV], &owned = sums_[nD + nV + 1];
  accumulate(shift, sums_.data(), V ? sums_.data() + nD : nullptr);
  missed = missed_atoms(shift);
  owned = atom->nlocal;
  MPI_Allreduce(MPI_IN_PLACE, sums_.data(), static_cast<int>(sums_.size()), MPI_DOUBLE, MPI_SUM, world);

  if (missed > 0.0)
    error->all(FLERR,
               "Compute dbar: at step {} the averaged position of {:.0f} atoms lies more than half the neighbor skin "
               "({:.6g}) from where neighbors were found; shorten the averaging window or raise the skin "
               "(neighbor command)",
               update->ntimestep, missed, 0.5 * neighbor->skin);
  std::copy_n(sums_.begin(), nD, D);
  if (V)
    std::copy_n(sums_.begin() + nD, nV, V);
  return static_cast<bigint>(owned);
}

void ComputeDbar::rebuild_list() {
  // An occasional list is kept until the next reneighboring, by when two atoms may have approached
  // by more than the skin since it was made. A later `lastcall` makes LAMMPS build it at the
  // present positions.
  const bigint lastcall = neighbor->lastcall;
  neighbor->lastcall = update->ntimestep + 1;
  neighbor->build_one(list_);
  neighbor->lastcall = lastcall;
}

// Threads as OMP_NUM_THREADS or `package omp` ask. They are plain threads: the plugin must not bring a second
// OpenMP runtime into LAMMPS. Parts are added in a fixed order, so the same number of threads gives the same bits.
void ComputeDbar::accumulate(double **shift, double *D, double *V) {
  const int nparts = static_cast<int>(workers_.size());
  if (nparts == 1)
    return accumulate_part(0, 1, shift, D, V);
  const std::size_t n = V ? 7 * size_vector : size_vector;
  std::vector<std::thread> threads;
  for (int t = 0; t < nparts; ++t) {
    workers_[t].sums.assign(n, 0.0);
    threads.emplace_back([=] {
      double *sums = workers_[t].sums.data();
      accumulate_part(t, nparts, shift, sums, V ? sums + size_vector : nullptr);
    });
  }
  for (auto &thread : threads)
    thread.join();
  for (const auto &worker : workers_) {
    for (int k = 0; k < size_vector; ++k)
      D[k] += worker.sums[k];
    for (int k = 0; V && k < 6 * size_vector; ++k)
      V[k] += worker.sums[size_vector + k];
  }
}

void ComputeDbar::accumulate_part(int part, int nparts, double **shift, double *D, double *V) {
  Worker &worker = workers_[part];
  const int blocks = perspecies_ ? atom->ntypes : 1;
  const int K = descriptor_->size();
  const bigint inum = list_->inum;
  dbar::Batch batch;
  for (int block = 0; block < blocks; ++block) {
    const int offset = 1 + block * K;
    worker.neighbourhoods->select(groupbit, perspecies_ ? block : -1, shift, static_cast<int>(inum * part / nparts),
                                  static_cast<int>(inum * (part + 1) / nparts));
    while (worker.neighbourhoods->next(batch)) {
      D[0] += batch.n;
      worker.descriptor->accumulate(batch, D + offset, V ? V + 6 * offset : nullptr);
    }
  }
}

// Averaged positions are searched in a list made for the current ones, in bins made at the last
// reneighboring: no pair within the cutoff is missed if neither is further than half the skin away.
double ComputeDbar::missed_atoms(double **shift) {
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

std::string ComputeDbar::settings_json() const {
  dbar::JsonObject json;
  json.text("family", family_).number("rcut", rcut_).integer("ntypes", atom->ntypes);
  json.flag("perspecies", perspecies_).flag("virial", virial_);
  dbar::JsonObject words;
  for (const auto &[word, value] : descriptor_->settings())
    words.text(word, value);
  return json.raw("words", words.str()).text("group", group->names[igroup]).str();
}

double ComputeDbar::memory_usage() {
  double bytes = size_vector * sizeof(double) * (virial_ ? 7.0 : 1.0) + sums_.capacity() * sizeof(double);
  for (const auto &worker : workers_)
    bytes += worker.descriptor->memory_usage() + worker.neighbourhoods->memory_usage() +
             worker.sums.capacity() * sizeof(double);
  return bytes;
}
