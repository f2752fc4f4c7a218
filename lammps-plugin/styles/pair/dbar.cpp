#include "styles/pair/dbar.h"

#include "engine/descriptor_sums.h"
#include "engine/packages.h"
#include "engine/raise_together.h"
#include "engine/shared_text.h"
#include "engine/whole_lists.h"
#include "files/model_file.h"
#include "kernels/descriptor.h"
#include "kernels/isa/isa.h"
#include "kernels/words.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>

using namespace LAMMPS_NS;

PairDbar::PairDbar(LAMMPS *lmp) : Pair(lmp) {
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  centroidstressflag = CENTROID_NOTAVAIL;
  no_virial_fdotr_compute = 1; // the sums bring it, also where newton is off
  comm_reverse_off = 6;        // forces or virials of ghosts, where LAMMPS does not bring them home
}

PairDbar::~PairDbar() {
  if (allocated) {
    memory->destroy(setflag);
    memory->destroy(cutsq);
  }
}

void PairDbar::allocate() {
  allocated = 1;
  const int n = atom->ntypes + 1;
  memory->create(setflag, n, n, "pair:setflag");
  memory->create(cutsq, n, n, "pair:cutsq");
  std::fill_n(setflag[0], n * n, 0);
  std::fill_n(cutsq[0], n * n, 0.0);
  map = new int[n];
}

void PairDbar::settings(int narg, char **arg) {
  if (narg > 0)
    error->all(FLERR, "Pair style dbar: found '{}', expected no arguments; the model file is an argument of pair_coeff",
               arg[0]);
}

void PairDbar::coeff(int narg, char **arg) {
  if (!allocated)
    allocate();
  if (narg != 3 + atom->ntypes)
    error->all(FLERR,
               "Pair style dbar: found {} words after pair_coeff, expected {}: * * model.json and an element of "
               "the model, or NULL, for each of the {} atom types",
               narg, 3 + atom->ntypes, atom->ntypes);
  map_element2type(narg - 3, arg + 3);
  const std::string file = arg[2];
  const std::string text = dbar::shared_potential(error, world, "Pair style dbar", file);
  dbar::run_together(error, world, "Pair style dbar: " + file, [&] {
    dbar::active_isa(); // a wrong wish is an error for all families
    use(dbar::parse_model(text), file);
  });
}

void PairDbar::use(const dbar::PotentialModel &model, const std::string &file) {
  using dbar::BadSetting;
  if (model.descriptor.units != update->unit_style)
    throw BadSetting("key lammps_units: found '" + model.descriptor.units + "', expected '" + update->unit_style +
                     "', the units of this run");
  const int n = static_cast<int>(model.elements.size());
  local_.reset(); // has parts of the old descriptor
  descriptor_ = model.descriptor.make(n);
  const std::size_t K = descriptor_->size();
  std::string all;
  constants_.clear();
  theta_.assign(1, 0.0);
  for (int e = 0; e < n; ++e) {
    const auto &numbers = model.coefficients[e];
    if (numbers.size() != 1 + K)
      throw BadSetting("key coefficients." + model.elements[e] + ": found " + std::to_string(numbers.size()) +
                       " numbers, expected " + std::to_string(1 + K) + ", a constant and one for each component");
    constants_.push_back(numbers[0]);
    theta_.insert(theta_.end(), numbers.begin() + 1, numbers.end());
    all += (all.empty() ? "" : ", ") + model.elements[e];
  }
  species_.assign(atom->ntypes, -1);
  for (int t = 0; t < atom->ntypes; ++t) {
    if (map[t + 1] < 0)
      continue;
    const std::string name = elements[map[t + 1]];
    const auto at = std::find(model.elements.begin(), model.elements.end(), name);
    if (at == model.elements.end())
      throw BadSetting("element of atom type " + std::to_string(t + 1) + ": found '" + name +
                       "', expected NULL or one of: " + all);
    species_[t] = static_cast<int>(at - model.elements.begin());
  }
  if (comm->me == 0)
    utils::logmesg(lmp, "pair dbar: {}: elements {}, {}, {} components per atom, {} kernel\n", file, all,
                   model.descriptor.family, K, descriptor_->instruction_set());
}

void PairDbar::init_style() {
  dbar::refuse_packages(lmp, "Pair style dbar");
  neighbor->add_request(this, NeighConst::REQ_FULL);
  local_.reset(); // the list or the number of threads may be others
}

// Not in init_list(): LAMMPS calls that only where its lists have changed.
dbar::DescriptorSums &PairDbar::sums() {
  if (!local_)
    local_ = std::make_unique<dbar::DescriptorSums>(atom, *descriptor_, species_, true, comm->nthreads, list);
  return *local_;
}

double PairDbar::init_one(int i, int j) {
  if (!setflag[i][j])
    error->all(FLERR, "Pair style dbar: atom type {} has no element, expected one unless pair_style is hybrid",
               map[i] < 0 ? i : j);
  const int a = species_[i - 1], b = species_[j - 1];
  return std::max(descriptor_->cutoff(a, b), descriptor_->cutoff(b, a)); // LAMMPS has one list for both
}

void PairDbar::compute(int eflag, int vflag) {
  if (!local_)
    dbar::refuse_gaps_in_lists(lmp, "Pair style dbar", species_);
  ev_init(eflag, vflag);
  dbar::AtomTally tally;
  if (eflag_atom)
    tally.energy = eatom;
  if (vflag_atom && atom->nmax > 0) {
    tally.virial = reinterpret_cast<double (*)[6]>(vatom[0]);
    clear_ghost_virials();
  }
  double energy = 0.0, w[6] = {};
  // not force->newton: with `newton off on` run_style respa does not communicate the forces of pair styles
  dbar::run_together(error, world, "Pair style dbar", [&] {
    sums().add_forces(1, theta_.data(), ghosts_.begin(atom, force->newton_pair), w, &energy, tally);
  });

  if (!force->newton_pair) {
    carry_virial_ = false;
    comm->reverse_comm(this);
    ghosts_.add_to(atom);
  }
  if (vflag_atom && !force->newton_pair) {
    carry_virial_ = true;
    comm->reverse_comm(this);
    clear_ghost_virials(); // `newton off on`: computes would bring them home once more
  }
  if (eflag_global)
    eng_vdwl += energy;
  if (vflag_global)
    for (int k = 0; k < 6; ++k)
      virial[k] += w[k];
  if (eflag_either)
    add_constants();
}

// What LAMMPS does itself only if newton is on for both pairs and bonds.
void PairDbar::clear_ghost_virials() {
  if (atom->nghost > 0)
    std::fill_n(vatom[atom->nlocal], 6 * static_cast<std::size_t>(atom->nghost), 0.0);
}

void PairDbar::add_constants() {
  for (int ii = 0; ii < list->inum; ++ii) {
    const int i = list->ilist[ii], species = species_[atom->type[i] - 1];
    if (species < 0)
      continue;
    if (eflag_global)
      eng_vdwl += constants_[species];
    if (eflag_atom)
      eatom[i] += constants_[species];
  }
}

int PairDbar::pack_reverse_comm(int n, int first, double *buf) {
  if (!carry_virial_)
    return ghosts_.pack(n, first, buf);
  if (n > 0)
    std::copy_n(vatom[first], 6 * n, buf);
  return 6 * n;
}

void PairDbar::unpack_reverse_comm(int n, int *which, double *buf) {
  if (!carry_virial_)
    return ghosts_.unpack(n, which, buf);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < 6; ++k)
      vatom[which[i]][k] += buf[6 * i + k];
}

double PairDbar::memory_usage() {
  const double n = atom->ntypes + 1.0;
  double bytes = Pair::memory_usage() + n * n * (sizeof(int) + sizeof(double)) + theta_.capacity() * sizeof(double) +
                 ghosts_.memory_usage();
  if (local_)
    bytes += local_->memory_usage();
  return bytes;
}
