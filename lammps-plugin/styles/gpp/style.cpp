#include "styles/gpp/style.h"

#include "engine/packages.h"
#include "engine/raise_together.h"
#include "engine/shared_text.h"
#include "engine/whole_lists.h"
#include "files/packet_form.h"
#include "styles/gpp/properties.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>
#include <utility>

using namespace LAMMPS_NS;
using dbar::gpp_style;
using dbar::gpp::Packets;

PairDbarGpp::PairDbarGpp(LAMMPS *lmp) : Pair(lmp) {
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  centroidstressflag = CENTROID_NOTAVAIL;
  comm_forward = 6;
  comm_reverse = 6;
  nextra = 5;
  pvector = new double[nextra];
  std::fill_n(pvector, nextra, 0.0);
}

PairDbarGpp::~PairDbarGpp() {
  delete[] pvector;
  if (allocated) {
    memory->destroy(setflag);
    memory->destroy(cutsq);
  }
}

void PairDbarGpp::allocate() {
  allocated = 1;
  const int n = atom->ntypes + 1;
  memory->create(setflag, n, n, "pair:setflag");
  memory->create(cutsq, n, n, "pair:cutsq");
  std::fill_n(setflag[0], n * n, 0);
  std::fill_n(cutsq[0], n * n, 0.0);
  map = new int[n];
}

// Once more with another temperature, the potential stays.
void PairDbarGpp::settings(int narg, char **arg) {
  stretch_ = 1.0;
  const dbar::GppOptions old = std::exchange(options_, dbar::GppOptions(lmp, narg, arg));
  if (!packets_)
    return;
  if (options_.form != old.form) {
    packets_.reset();
    std::fill_n(setflag[0], (atom->ntypes + 1) * (atom->ntypes + 1), 0); // wants pair_coeff
  } else if (options_.most_variance != old.most_variance) {
    make_packets(packets_->form());
  }
}

void PairDbarGpp::coeff(int narg, char **arg) {
  if (!allocated)
    allocate();
  if (narg != 3 + atom->ntypes)
    error->all(FLERR,
               "{}: found {} words after pair_coeff, expected {}: * * FILE and an element for each of the {} "
               "atom types",
               gpp_style, narg, 3 + atom->ntypes, atom->ntypes);
  map_element2type(narg - 3, arg + 3);
  for (int t = 1; t <= atom->ntypes; ++t)
    if (map[t] < 0)
      error->all(FLERR, "{}: element of atom type {}: found NULL, expected an element: every atom is a packet",
                 gpp_style, t);
  const std::string file = arg[2], text = dbar::shared_potential(error, world, gpp_style, file);
  dbar::run_together(error, world, gpp_style, [&] {
    const std::vector<std::string> names(elements, elements + nelements);
    const dbar::gpp::Form all = dbar::packet_parser(options_.form)(file, text);
    try {
      make_packets(all.chosen(names));
    } catch (const std::runtime_error &e) {
      throw std::runtime_error(file + ": " + e.what());
    }
  });
  const auto &form = packets_->form();
  for (int t = 1; t <= atom->ntypes && atom->mass; ++t)
    atom->set_mass(FLERR, t, form.masses[map[t]]); // as eam/alloy does
  dbar::ensure_property(lmp, gpp_style, "variance");
  if (comm->me == 0)
    utils::logmesg(lmp,
                   "pair dbar/gpp: {}: {} element(s), cutoff {:.6g}, packets reach to {:.6g}, tables of {:.3g} MB\n",
                   file, form.size(), packets_->cutoff(), packets_->reach(), packets_->memory_usage() * 1e-6);
}

void PairDbarGpp::make_packets(dbar::gpp::Form form) {
  packets_ = std::make_unique<Packets>(std::move(form), options_.most_variance);
  std::vector<const dbar::gpp::PacketTable *> tables;
  for (int a = 1; a <= atom->ntypes; ++a)
    for (int b = 1; b <= atom->ntypes; ++b)
      tables.push_back(&packets_->table(map[a], map[b]));
  walk_ = std::make_unique<dbar::NeighbourWalk>(lmp, std::move(tables));
}

void PairDbarGpp::init_style() {
  dbar::refuse_packages(lmp, gpp_style);
  const std::string units = update->unit_style;
  if (units != "metal")
    error->all(FLERR, "{}: units: found {}, expected metal, which the files are in", gpp_style, units);
  if (force->pair != this)
    error->all(FLERR, "{}: found it within pair_style {}, expected it alone: what others add would move no packet",
               gpp_style, force->pair_style);
  if (!atom->tag_enable)
    error->all(FLERR, "{}: found atoms without IDs, expected atom_modify id yes", gpp_style);
  dbar::ensure_property(lmp, gpp_style, "variance");
  if (options_.isentropic)
    dbar::ensure_property(lmp, gpp_style, "isentrope");
  neighbor->add_request(this);
  checked_ = false;
}

double PairDbarGpp::init_one(int i, int j) {
  if (!setflag[i][j])
    error->all(FLERR, "{}: atom type {} has no element, expected pair_coeff * * FILE and an element for each type",
               gpp_style, i);
  return std::max(packets_->reach(map[i], map[j]), packets_->reach(map[j], map[i]));
}

void PairDbarGpp::compute(int eflag, int vflag) {
  if (!checked_)
    dbar::refuse_gaps_in_lists(lmp, gpp_style, std::vector<int>(atom->ntypes, 0));
  checked_ = true;
  ev_init(eflag, vflag);
  dbar::run_together(error, world, gpp_style, [&] {
    const std::size_t all = static_cast<std::size_t>(atom->nlocal) + atom->nghost;
    sums_.resize(all);
    sites_.resize(all);
    by_s_.resize(all);
    next_.resize(atom->nlocal);
    step_.resize(atom->nlocal);
  });
  find_variances();
  begin_variances();
  solve();
  const double pairs = add_forces();
  add_free_energy(pairs);
  if (vflag_fdotr)
    virial_fdotr_compute();
}

int PairDbarGpp::pack_forward_comm(int n, int *which, double *buf, int, int *) {
  int m = 0;
  for (int k = 0; k < n; ++k) {
    const int i = which[k];
    if (carried_ == variances) {
      buf[m++] = s_[i];
      continue;
    }
    const dbar::gpp::Embedded &site = sites_[i];
    for (const double value : {site.by_phi, site.by_spread, site.by_slopes, site.by_G[0], site.by_G[1], site.by_G[2]})
      buf[m++] = value;
  }
  return m;
}

void PairDbarGpp::unpack_forward_comm(int n, int first, double *buf) {
  int m = 0;
  for (int i = first; i < first + n; ++i) {
    if (carried_ == variances) {
      s_[i] = buf[m++];
      continue;
    }
    dbar::gpp::Embedded &site = sites_[i];
    for (double *to : {&site.by_phi, &site.by_spread, &site.by_slopes, &site.by_G[0], &site.by_G[1], &site.by_G[2]})
      *to = buf[m++];
  }
}

int PairDbarGpp::pack_reverse_comm(int n, int first, double *buf) {
  int m = 0;
  for (int i = first; i < first + n; ++i) {
    if (carried_ == by_variances) {
      buf[m++] = by_s_[i];
      continue;
    }
    const dbar::gpp::Sums &sum = sums_[i];
    for (const double value : {sum.phi, sum.spread, sum.slopes, sum.G[0], sum.G[1], sum.G[2]})
      buf[m++] = value;
  }
  return m;
}

void PairDbarGpp::unpack_reverse_comm(int n, int *which, double *buf) {
  int m = 0;
  for (int k = 0; k < n; ++k) {
    const int i = which[k];
    if (carried_ == by_variances) {
      by_s_[i] += buf[m++];
      continue;
    }
    dbar::gpp::Sums &sum = sums_[i];
    for (double *to : {&sum.phi, &sum.spread, &sum.slopes, &sum.G[0], &sum.G[1], &sum.G[2]})
      *to += buf[m++];
  }
}

// To ghosts, or from ghosts where pairs were given to one rank only.
void PairDbarGpp::communicate(Carried what) {
  carried_ = what;
  if (what == variances || what == embedded)
    comm->forward_comm(this);
  else if (force->newton_pair)
    comm->reverse_comm(this);
}

double PairDbarGpp::memory_usage() {
  const double n = atom->ntypes + 1.0;
  return Pair::memory_usage() + n * n * (sizeof(int) + sizeof(double)) +
         (packets_ ? packets_->memory_usage() + walk_->memory_usage() : 0.0) +
         sums_.capacity() * sizeof(dbar::gpp::Sums) + sites_.capacity() * sizeof(dbar::gpp::Embedded) +
         (by_s_.capacity() + next_.capacity() + step_.capacity()) * sizeof(double);
}
