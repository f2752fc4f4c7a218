#include "styles/entropy/style.h"

#include "engine/command_words.h"
#include "engine/raise_together.h"
#include "files/json_text.h"
#include "styles/compute/find.h"
#include "styles/entropy/session.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "group.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

using namespace LAMMPS_NS;

namespace {
const char *const command = "Compute dbar/entropy";
constexpr int minimization = 2; // as Update::whichflag
} // namespace

ComputeDbarEntropy::ComputeDbarEntropy(LAMMPS *lmp, int narg, char **arg) : Compute(lmp, narg, arg) {
  if (narg < 5)
    error->all(FLERR, "{}: expected the ID of a compute dbar and the FILE of a model after the style name", command);
  compute_id_ = arg[3];
  file_ = arg[4];
  read_words(narg, arg);
  session_ = std::make_unique<dbar::EntropySession>(lmp, command);
  connect();

  scalar_flag = vector_flag = 1;
  extscalar = 1;
  size_vector = dbar_nentropy;
  vector = new double[size_vector]();
  extvector = -1;
  extlist = new int[size_vector];
  std::fill_n(extlist, size_vector, 1);
  extlist[2] = 0; // the grade
}

ComputeDbarEntropy::~ComputeDbarEntropy() {
  delete[] vector;
  delete[] extlist;
}

void ComputeDbarEntropy::read_words(int narg, char **arg) {
  dbar::CommandWords words(lmp, command, narg, arg, 5);
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword == "temp") {
      const char *expected = "a temperature above 0";
      temperature_ = words.number(expected);
      if (!(temperature_ > 0.0 && std::isfinite(temperature_)))
        words.wrong(expected);
    } else if (keyword == "force") {
      const char *expected = "a force above 0, or no";
      force_ = words.takes("no") ? 0.0 : words.number(expected);
      if (!(force_ >= 0.0 && std::isfinite(force_)))
        words.wrong(expected);
    } else {
      words.unknown({"temp", "force"});
    }
  }
}

// Everything that may have changed since it was looked at last: other computes, and what they are of.
void ComputeDbarEntropy::connect() {
  if (igroup != 0)
    error->all(FLERR, "{}: found group {}, expected all: an entropy is one of the whole configuration", command,
               group->names[igroup]);
  if (domain->dimension != 3)
    error->all(FLERR, "{}: found dimension {}, expected 3", command, domain->dimension);
  compute_ = dbar::find_present_compute(lmp, command, compute_id_, "an entropy is one of positions at rest");
  if (compute_->igroup != 0)
    error->all(FLERR, "{}: found compute {} of group {}, expected one of group all", command, compute_id_,
               group->names[compute_->igroup]);
  std::string settings;
  dbar::run_together(error, world, command, [&] {
    settings = settings_json();
    counts_.resize(atom->ntypes);
  });
  session_->open(std::move(settings));
}

std::string ComputeDbarEntropy::settings_json() const {
  dbar::JsonObject json;
  json.text("file", file_).raw("descriptor", compute_->settings_json()).text("units", update->unit_style);
  json.raw("temperature", temperature_ > 0.0 ? dbar::json_number(temperature_) : "null");
  json.raw("force", force_ >= 0.0 ? dbar::json_number(force_) : "null");
  return json.str();
}

void ComputeDbarEntropy::init() {
  connect();
}

double ComputeDbarEntropy::compute_scalar() {
  // one evaluation gives both
  if (!((invoked_flag & INVOKED_VECTOR) && invoked_vector == update->ntimestep))
    evaluate();
  invoked_scalar = update->ntimestep;
  return scalar = vector[0];
}

void ComputeDbarEntropy::compute_vector() {
  if (!((invoked_flag & INVOKED_SCALAR) && invoked_scalar == update->ntimestep))
    evaluate();
  invoked_vector = update->ntimestep;
}

void ComputeDbarEntropy::evaluate() {
  connect();
  if (!compute_->is_initialized())
    error->all(FLERR, "{}: compute {} was not initialized by a run, expected one after its command", command,
               compute_id_);
  if (!(compute_->invoked_flag & INVOKED_VECTOR) || compute_->invoked_vector != update->ntimestep) {
    compute_->compute_vector();
    compute_->invoked_flag |= INVOKED_VECTOR;
  }
  count_atoms();
  measure_spread();
  now_.size = compute_->size();
  now_.D = compute_->vector;
  const double cell[9] = {domain->h[0], 0.0,          0.0,          domain->h[5], domain->h[1],
                          0.0,          domain->h[4], domain->h[3], domain->h[2]};
  std::copy_n(cell, 9, now_.cell);
  std::copy_n(domain->periodicity, 3, now_.periodic);
  now_.force = largest_force();
  now_.minimizing = update->whichflag == minimization;
  const dbar::EntropyValues values = session_->evaluate(now_);
  std::copy(values.begin(), values.end(), vector);
}

void ComputeDbarEntropy::count_atoms() {
  std::fill(counts_.begin(), counts_.end(), 0);
  for (int i = 0; i < atom->nlocal; ++i)
    ++counts_[atom->type[i] - 1];
  MPI_Allreduce(MPI_IN_PLACE, counts_.data(), atom->ntypes, MPI_INT64_T, MPI_SUM, world);
  now_.ntypes = atom->ntypes;
  now_.counts = counts_.data();
}

// Which rotations there are. What is periodic along two directions has none, and has atoms of which it says little
// where they are.
void ComputeDbarEntropy::measure_spread() {
  std::fill_n(now_.spread, 9, 0.0);
  if (domain->periodicity[0] + domain->periodicity[1] + domain->periodicity[2] > 1)
    return;
  double sum[4] = {static_cast<double>(atom->nlocal), 0.0, 0.0, 0.0};
  for (int i = 0; i < atom->nlocal; ++i)
    for (int d = 0; d < 3; ++d)
      sum[1 + d] += atom->x[i][d];
  MPI_Allreduce(MPI_IN_PLACE, sum, 4, MPI_DOUBLE, MPI_SUM, world);
  for (int i = 0; i < atom->nlocal; ++i)
    for (int d = 0; d < 3; ++d)
      for (int e = 0; e < 3; ++e)
        now_.spread[3 * d + e] += (atom->x[i][d] - sum[1 + d] / sum[0]) * (atom->x[i][e] - sum[1 + e] / sum[0]);
  MPI_Allreduce(MPI_IN_PLACE, now_.spread, 9, MPI_DOUBLE, MPI_SUM, world);
}

double ComputeDbarEntropy::largest_force() const {
  double largest = 0.0;
  for (int i = 0; i < atom->nlocal; ++i)
    for (int d = 0; d < 3; ++d) {
      const double one = std::abs(atom->f[i][d]);
      largest = std::max(largest, std::isfinite(one) ? one : std::numeric_limits<double>::infinity());
    }
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, world);
  return largest;
}

double ComputeDbarEntropy::memory_usage() {
  return size_vector * sizeof(double) + counts_.capacity() * sizeof(std::int64_t);
}
