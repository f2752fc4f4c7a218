#include "styles/compute/atom_novelty.h"

#include "engine/command_words.h"
#include "engine/descriptor_sums.h"
#include "engine/evaluation_site.h"
#include "engine/raise_together.h"
#include "engine/shared_text.h"
#include "files/novelty_file.h"
#include "kernels/isa/isa.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace LAMMPS_NS;

namespace {
const char *const command = "Compute dbar/atom/novelty";
}

ComputeDbarAtomNovelty::ComputeDbarAtomNovelty(LAMMPS *lmp, int narg, char **arg) : Compute(lmp, narg, arg) {
  if (narg < 4)
    error->all(FLERR, "{}: expected the file of a model after the style name", command);
  std::string average_id;
  dbar::CommandWords words(lmp, command, narg, arg, 4);
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword != "average")
      error->all(FLERR, "{}: unknown keyword {}, expected average", command, keyword);
    average_id = words.value("a fix ID");
  }
  site_ = std::make_unique<dbar::EvaluationSite>(lmp, command, average_id);

  const std::string text = dbar::shared_text(error, world, std::string(command) + ": model ", arg[3]);
  dbar::run_together(error, world, command, [&] {
    dbar::active_isa(); // a wrong wish is an error for all families
    file_ = std::make_unique<dbar::NoveltyFile>(arg[3], text);
    descriptor_ = file_->make_descriptor(update->unit_style, atom->ntypes);
  });

  peratom_flag = 1;
  size_peratom_cols = 0;
}

ComputeDbarAtomNovelty::~ComputeDbarAtomNovelty() {
  memory->destroy(vector_atom);
}

void ComputeDbarAtomNovelty::init() {
  site_->init(descriptor_->cutoff());
  dbar::run_together(error, world, command, [this] {
    std::vector<int> species(atom->ntypes);
    std::iota(species.begin(), species.end(), 0);
    local_ = std::make_unique<dbar::DescriptorSums>(atom, *descriptor_, std::move(species), false, comm->nthreads);
  });
}

void ComputeDbarAtomNovelty::make_room() {
  if (atom->nmax > nmax_) {
    memory->destroy(vector_atom);
    nmax_ = atom->nmax;
    memory->create(vector_atom, nmax_, "dbar/atom/novelty:vector_atom");
  }
  std::fill_n(vector_atom, atom->nlocal, 0.0); // of atoms outside of the group
}

void ComputeDbarAtomNovelty::compute_peratom() {
  invoked_peratom = update->ntimestep;
  make_room();
  const auto shift = site_->shift();
  if (!shift) {
    std::fill_n(vector_atom, atom->nlocal, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  site_->move_ghosts();
  site_->place(*local_, *shift);
  const std::string failure = dbar::failure_of(command, [this] {
    local_->per_centre(groupbit, [this](int i, int species, const double *B) {
      const auto &model = file_->models[species];
      vector_atom[i] = model.mean.empty() ? -1.0 : model.score(B);
    });
  });

  // what stops the run is added up, so that all ranks stop
  double found[2] = {0.0, failure.empty() ? 0.0 : 1.0};
  double &unknown = found[0], &failed = found[1];
  for (int i = 0; i < atom->nlocal; ++i)
    unknown += vector_atom[i] < 0.0;
  MPI_Allreduce(MPI_IN_PLACE, found, 2, MPI_DOUBLE, MPI_SUM, world);
  if (failed > 0.0)
    dbar::raise_together(error, world, failure);
  if (unknown > 0.0)
    error->all(FLERR,
               "{}: at step {} the group has {:.0f} atoms of types for which the model holds null, expected only "
               "types that it was fitted to",
               command, update->ntimestep, unknown);
}

double ComputeDbarAtomNovelty::memory_usage() {
  double bytes = nmax_ * sizeof(double);
  for (const auto &model : file_->models)
    bytes += (model.mean.capacity() + model.matrix.capacity()) * sizeof(double);
  if (local_)
    bytes += local_->memory_usage();
  return bytes;
}
