// The passes of PairDbarGpp over pairs: sums, derivatives by the variances, forces; and what is done with them.
#include "engine/raise_together.h"
#include "kernels/pi.h"
#include "styles/gpp/properties.h"
#include "styles/gpp/style.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "neigh_list.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace LAMMPS_NS;
using dbar::gpp::Averages;
using dbar::gpp::Embedded;
using dbar::gpp::PacketTable;

namespace {

const std::string style_name = "Pair style dbar/gpp";
constexpr int patience = 20; // passes in which variances stay at smax, before that is an error

std::string text_of(double x) {
  return fmt::format("{:.6g}", x);
}

} // namespace

struct PairDbarGpp::Place {
  int i, j;
  bool own;                   // whether j's share is added here
  double R, S, e[3], back[3]; // from i to j, from j to i
  const PacketTable *at_i, *at_j;
};

// Pairs that count, each once on the ranks that have it.
template <class Use> void PairDbarGpp::for_each_pair(Use use) {
  double **x = atom->x;
  const int *type = atom->type, ntypes = atom->ntypes;
  const bool newton = force->newton_pair;
  Place at;
  for (int ii = 0; ii < list->inum; ++ii) {
    at.i = list->ilist[ii];
    const int *neighbours = list->firstneigh[at.i], itype = type[at.i];
    for (int jj = 0; jj < list->numneigh[at.i]; ++jj) {
      at.j = neighbours[jj] & NEIGHMASK;
      const int jtype = type[at.j];
      double square = 0.0;
      for (int d = 0; d < 3; ++d) {
        at.e[d] = x[at.j][d] - x[at.i][d];
        square += at.e[d] * at.e[d];
      }
      if (!(square < cutsq[itype][jtype]))
        continue;
      at.R = std::sqrt(square);
      if (at.R < 1e-6) {
        failure_ = style_name + ": atoms " + std::to_string(atom->tag[at.i]) + " and " +
                   std::to_string(atom->tag[at.j]) + ": found both at one place, expected a distance";
        continue;
      }
      at.S = s_[at.i] + s_[at.j];
      at.at_i = tables_[(itype - 1) * ntypes + jtype - 1];
      if (!at.at_i->sees(at.R, at.S))
        continue;
      at.at_j = tables_[(jtype - 1) * ntypes + itype - 1];
      for (int d = 0; d < 3; ++d) {
        at.e[d] /= at.R;
        at.back[d] = -at.e[d];
      }
      at.own = newton || at.j < atom->nlocal;
      use(at);
    }
  }
}

double PairDbarGpp::kT(int i) const {
  return options_.isentropic ? kept_[i] / s_[i] : force->boltz * options_.temperature;
}

void PairDbarGpp::find_variances() {
  s_ = dbar::find_property(lmp, style_name, "variance");
  kept_ = options_.isentropic ? dbar::find_property(lmp, style_name, "isentrope") : nullptr;
}

// Those of the evaluation before, or what the user says, or a guess. Zero is an atom that has none yet.
void PairDbarGpp::begin_variances() {
  const double most = options_.most_variance, heat = force->boltz * options_.temperature;
  const double guess = std::min(0.005 * options_.temperature / 300.0, 0.25 * most); // of a metal
  std::string message;
  const auto wrong = [&](int i, const std::string &word, double found, const std::string &expected) {
    message = style_name + ": " + word + " of atom " + std::to_string(atom->tag[i]) + ": found " + text_of(found) +
              ", expected " + expected;
  };
  for (int i = 0; i < atom->nlocal && message.empty(); ++i) {
    if (s_[i] == 0.0 && !options_.isentropic)
      s_[i] = guess;
    if (!(s_[i] > 0.0 && s_[i] <= most))
      wrong(i, "d_variance", s_[i],
            options_.isentropic && s_[i] == 0.0
                ? "the variance at temperature T, from an isothermal run before or by set"
                : "a variance above 0 and up to smax = " + text_of(most) + ", or 0 for a guess");
    else if (options_.isentropic && kept_[i] == 0.0)
      kept_[i] = heat * s_[i];
    else if (options_.isentropic && !(kept_[i] > 0.0 && std::isfinite(kept_[i])))
      wrong(i, "d_isentrope", kept_[i], "kT times the variance, above 0, or 0 to take T and d_variance");
  }
  dbar::raise_together(error, world, message);
}

void PairDbarGpp::solve() {
  int at_most = 0; // passes, one after another
  for (passes_ = 1;; ++passes_) {
    failure_.clear();
    communicate(variances);
    add_up();
    differentiate();
    const double mine = next_variances();
    const double here[3] = {mine, capped_ ? 1.0 : 0.0, failure_.empty() ? 0.0 : 1.0};
    double worst[3];
    MPI_Allreduce(here, worst, 3, MPI_DOUBLE, MPI_MAX, world);
    residual_ = worst[0];
    if (worst[2] > 0.0)
      dbar::raise_together(error, world, failure_);
    at_most = worst[1] > 0.0 ? at_most + 1 : 0;
    if (residual_ <= options_.tolerance)
      break;
    const bool stuck = at_most == patience;
    if (stuck || passes_ == options_.most_passes)
      dbar::raise_together(error, world, (stuck ? capped_ : mine == residual_) ? worst_atom(residual_) : "");
    std::copy_n(next_.data(), atom->nlocal, s_);
  }
  dbar::raise_together(error, world, too_wide());
}

void PairDbarGpp::add_up() {
  std::fill(sums_.begin(), sums_.end(), dbar::gpp::Sums());
  for_each_pair([this](const Place &at) {
    Averages f;
    at.at_i->values(at.R, at.S, f);
    dbar::gpp::add_pair(sums_[at.i], f, at.e);
    if (!at.own)
      return;
    if (at.at_j != at.at_i)
      at.at_j->values(at.R, at.S, f);
    dbar::gpp::add_pair(sums_[at.j], f, at.back);
  });
  communicate(sums);
  for (int i = 0; i < atom->nlocal; ++i)
    sites_[i] = dbar::gpp::embed(packets_->embedding(map[atom->type[i]]), sums_[i], s_[i]);
  communicate(embedded);
}

void PairDbarGpp::differentiate() {
  std::fill(by_s_.begin(), by_s_.end(), 0.0);
  for_each_pair([this](const Place &at) {
    Averages f, fS;
    at.at_i->by_S(at.R, at.S, f, fS);
    double by_S = fS[dbar::gpp::energy] + dbar::gpp::change_by_S(sites_[at.i], f, fS, at.e);
    if (at.at_j != at.at_i)
      at.at_j->by_S(at.R, at.S, f, fS);
    by_S += dbar::gpp::change_by_S(sites_[at.j], f, fS, at.back);
    by_s_[at.i] += by_S;
    if (at.own)
      by_s_[at.j] += by_S;
  });
  communicate(by_variances);
}

double PairDbarGpp::next_variances() {
  using dbar::gpp::Ensemble;
  const Ensemble ensemble = options_.isentropic ? Ensemble::isentropic : Ensemble::isothermal;
  const double heat = force->boltz * options_.temperature;
  double worst = 0.0;
  capped_ = false;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double next =
        dbar::gpp::next_variance(ensemble, options_.isentropic ? kept_[i] : heat, s_[i], by_s_[i] + sites_[i].by_s);
    const double off = dbar::gpp::residual(s_[i], next);
    worst = std::isfinite(off) ? std::max(worst, off) : std::numeric_limits<double>::infinity();
    capped_ = capped_ || next > options_.most_variance;
    next_[i] = std::min(next, options_.most_variance);
  }
  return worst;
}

// Why it does not go on, with the atom of this rank that is farthest from rest.
std::string PairDbarGpp::worst_atom(double residual) const {
  int which = 0;
  double most = -1.0;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double at = next_[i] >= options_.most_variance ? 1e9 : std::fabs(next_[i] / s_[i] - 1.0);
    if (at > most) {
      most = at;
      which = i;
    }
  }
  const std::string id = std::to_string(atom->tag[which]);
  if (capped_)
    return style_name + ": variance of atom " + id + ": found it above smax = " + text_of(options_.most_variance) +
           ", expected it to come to rest: T = " + text_of(options_.temperature) +
           " is above what holds the crystal together, or smax is too small, or the atom is alone";
  return style_name + ": variance of atom " + id + ": found a residual of " + text_of(residual) +
         " after maxpass = " + std::to_string(options_.most_passes) +
         " passes, expected at most tol = " + text_of(options_.tolerance);
}

std::string PairDbarGpp::too_wide() const {
  for (int i = 0; i < atom->nlocal; ++i)
    if (sums_[i].phi > 0.0 && sites_[i].width > dbar::gpp::widest)
      return style_name + ": density at atom " + std::to_string(atom->tag[i]) +
             ": found a scatter of sqrt(3 v) = " + text_of(sites_[i].width) + " of its mean, expected at most " +
             text_of(dbar::gpp::widest) + ": its neighbours are too few for packets so wide";
  return "";
}

double PairDbarGpp::add_forces() {
  double **x = atom->x, **f = atom->f, pairs = 0.0;
  const int nlocal = atom->nlocal, newton = force->newton_pair;
  for_each_pair([&](const Place &at) {
    Averages average, by_R, by_S;
    double pull[3], back[3], unused;
    at.at_i->by_R_and_S(at.R, at.S, average, by_R, by_S);
    const double V = average[dbar::gpp::energy], slope = by_R[dbar::gpp::energy];
    dbar::gpp::change_by_pair(sites_[at.i], average, by_R, by_S, at.R, at.e, pull, &unused);
    if (at.at_j != at.at_i)
      at.at_j->by_R_and_S(at.R, at.S, average, by_R, by_S);
    dbar::gpp::change_by_pair(sites_[at.j], average, by_R, by_S, at.R, at.back, back, &unused);
    for (int d = 0; d < 3; ++d) {
      pull[d] += slope * at.e[d] - back[d];
      f[at.i][d] += pull[d];
      if (at.own)
        f[at.j][d] -= pull[d];
    }
    pairs += at.own ? V : 0.5 * V;
    if (evflag)
      ev_tally_xyz(at.i, at.j, nlocal, newton, V, 0.0, pull[0], pull[1], pull[2], x[at.i][0] - x[at.j][0],
                   x[at.i][1] - x[at.j][1], x[at.i][2] - x[at.j][2]);
  });
  return pairs;
}

// What an atom has beside its pairs: <F>, and the free energy of its packet, or its kinetic energy if isentropic.
void PairDbarGpp::add_free_energy(double pairs) {
  const double hbar = force->hplanck / (2.0 * dbar::pi);
  double potential = pairs, entropy = 0.0, heat = 0.0;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double t = kT(i), mass = (atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]]) * force->mvv2e;
    const double TS = 3.0 * t * (1.0 + std::log(std::sqrt(mass * t * s_[i]) / hbar));
    const double share = sites_[i].energy + 1.5 * t - (options_.isentropic ? 0.0 : TS);
    potential += sites_[i].energy;
    entropy += TS;
    heat += t;
    if (eflag_global)
      eng_vdwl += share;
    if (eflag_atom)
      eatom[i] += share;
  }
  const bool first = comm->me == 0;
  pvector[0] = potential;
  pvector[1] = entropy;
  pvector[2] = first ? residual_ : 0.0;
  pvector[3] = first ? passes_ : 0.0;
  pvector[4] = atom->natoms > 0 ? heat / force->boltz / static_cast<double>(atom->natoms) : 0.0;
}
