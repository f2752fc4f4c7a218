#include "styles/compute/dbar.h"

#include "engine/command_words.h"
#include "engine/descriptor_sums.h"
#include "engine/evaluation_site.h"
#include "engine/file_words.h"
#include "engine/raise_together.h"
#include "files/json_text.h"
#include "kernels/descriptor.h"
#include "kernels/families.h"
#include "kernels/isa/isa.h"
#include "kernels/words.h"
#include "styles/compute/chunk_rows.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "group.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <limits>
#include <numeric>

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

  std::string average_id, ended; // the keyword of this style whose value came last
  std::vector<std::string> family_words;
  dbar::CommandWords words(lmp, "Compute dbar", narg, arg, 5);
  while (words.left()) {
    const std::string keyword = words.keyword();
    // A number here would join the values of a family's keyword further to the left.
    double number;
    if (!ended.empty() && dbar::is_number(keyword, &number))
      error->all(FLERR, "Compute dbar: found {} after keyword {} and its value, expected a keyword", keyword, ended);
    ended = keyword;
    if (keyword == "virial") {
      virial_ = words.yes_no();
    } else if (keyword == "perspecies") {
      perspecies_ = words.yes_no();
    } else if (keyword == "average") {
      average_id = words.value("a fix ID");
    } else if (keyword == "chunk") {
      chunk_id_ = words.value("the ID of a compute chunk/atom");
    } else {
      family_words.push_back(keyword);
      ended.clear();
    }
  }
  dbar::read_file_words(error, world, "Compute dbar", family_, family_words);
  dbar::run_together(error, world, "Compute dbar", [&] {
    dbar::active_isa(); // a wrong wish is an error for all families
    descriptor_ = dbar::make_descriptor(family_, rcut_, family_words, atom->ntypes);
    size_vector = 1 + (perspecies_ ? atom->ntypes : 1) * descriptor_->size();
    vector = new double[size_vector]();
    sums_.resize((virial_ ? 7 : 1) * static_cast<std::size_t>(size_vector) + 2);
  });
  if (comm->me == 0) {
    utils::logmesg(lmp, "compute dbar {}: {}, {} components per atom, {} kernel\n", id, family_, descriptor_->size(),
                   descriptor_->instruction_set());
    if (const dbar::SplineErrors splines = descriptor_->splines(); splines.knots > 0)
      utils::logmesg(lmp, "compute dbar {}: radial functions on {} knots, largest error {:.2g} of their maximum\n", id,
                     splines.knots, splines.largest_relative);
  }

  vector_flag = 1;
  extvector = 1;
  site_ = std::make_unique<dbar::EvaluationSite>(lmp, "Compute dbar", average_id);
  if (virial_ && chunk_id_.empty()) {
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
  site_->init(descriptor_->cutoff());
  dbar::run_together(error, world, "Compute dbar", [this] { local_ = local_sums(); });
}

std::unique_ptr<dbar::DescriptorSums> ComputeDbar::local_sums() const {
  std::vector<int> species(atom->ntypes);
  std::iota(species.begin(), species.end(), 0);
  return std::make_unique<dbar::DescriptorSums>(atom, *descriptor_, std::move(species), perspecies_, comm->nthreads);
}

bool ComputeDbar::averages() const {
  return site_->averages();
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
  double *V = virial_ && chunk_id_.empty() ? array[0] : nullptr;
  if (const auto shift = site_->shift()) {
    evaluate(*shift, vector, V);
    return;
  }
  std::fill_n(vector, size_vector, std::numeric_limits<double>::quiet_NaN());
  if (V)
    std::fill_n(V, 6 * size_vector, std::numeric_limits<double>::quiet_NaN());
}

bigint ComputeDbar::evaluate(double **shift, double *D, double *V, dbar::ChunkRows *chunks) {
  site_->move_ghosts();
  site_->place(*local_, shift);
  const int nD = size_vector, nV = V ? 6 * size_vector : 0;
  std::fill(sums_.begin(), sums_.end(), 0.0);
  const std::string failure = dbar::failure_of("Compute dbar", [&] {
    if (chunks)
      chunks->accumulate(*local_, groupbit);
    else
      local_->accumulate(groupbit, sums_.data(), V ? sums_.data() + nD : nullptr);
  });
  double *sums = chunks ? chunks->sums() : sums_.data();
  double &owned = sums[nD + nV], &failed = sums[nD + nV + 1];
  owned = atom->nlocal;
  failed = failure.empty() ? 0.0 : 1.0;
  if (chunks)
    sums[nD + nV + 2] = std::count_if(atom->mask, atom->mask + atom->nlocal, [&](int m) { return m & groupbit; });
  MPI_Allreduce(MPI_IN_PLACE, sums, chunks ? chunks->numbers() : nD + nV + 2, MPI_DOUBLE, MPI_SUM, world);
  if (failed > 0.0)
    dbar::raise_together(error, world, failure);
  if (chunks)
    chunks->check(sums[nD + nV + 2]);

  std::copy_n(sums, nD, D);
  if (V)
    std::copy_n(sums + nD, nV, V);
  return static_cast<bigint>(owned);
}

dbar::DescriptorRecord ComputeDbar::record() const {
  dbar::DescriptorRecord d;
  d.units = update->unit_style;
  d.family = family_;
  d.rcut = rcut_;
  d.ntypes = atom->ntypes;
  d.perspecies = perspecies_;
  d.words = descriptor_->settings();
  d.size = size();
  return d;
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
  if (local_)
    bytes += local_->memory_usage();
  return bytes;
}
