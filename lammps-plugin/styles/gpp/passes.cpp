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
using dbar::gpp_style;
using dbar::Neighbours;
using Want = dbar::NeighbourWalk::Want;

namespace {

constexpr int patience = 20; // passes in which variances stay at smax, before that is an error

std::string text_of(double x) {
  return fmt::format("{:.6g}", x);
}

} // namespace

double PairDbarGpp::kT(int i) const {
  return options_.isentropic ? kept_[i] / s_[i] : force->boltz * options_.temperature;
}

void PairDbarGpp::find_variances() {
  s_ = dbar::find_property(lmp, gpp_style, "variance");
  kept_ = nullptr;
  if (options_.isentropic)
    kept_ = dbar::find_property(lmp, gpp_style, "isentrope");
  else if (double *old = dbar::property_if_any(lmp, gpp_style, "isentrope"))
    std::fill_n(old, atom->nlocal, 0.0); // the next isentrope begins where these variances end
}

// Those of the evaluation before, or what the user says, or a guess. Zero is an atom that has none yet.
void PairDbarGpp::begin_variances() {
  const double most = options_.most_variance, heat = force->boltz * options_.temperature;
  const double guess = std::min(0.005 * options_.temperature / 300.0, 0.25 * most); // of a metal
  std::string message;
  const auto wrong = [&](int i, const std::string &word, double found, const std::string &expected) {
    message = gpp_style + ": " + word + " of atom " + std::to_string(atom->tag[i]) + ": found " + text_of(found) +
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
  walk_->forget();
  std::fill(step_.begin(), step_.end(), 0.0);
  for (passes_ = 1;; ++passes_) {
    communicate(variances);
    add_up();
    differentiate();
    const double mine = next_variances();
    const double here[3] = {mine, capped_ ? 1.0 : 0.0, walk_->trouble().empty() ? 0.0 : 1.0};
    double worst[3];
    MPI_Allreduce(here, worst, 3, MPI_DOUBLE, MPI_MAX, world);
    residual_ = worst[0];
    if (worst[2] > 0.0)
      dbar::raise_together(error, world, walk_->trouble().empty() ? "" : gpp_style + ": " + walk_->trouble());
    at_most = worst[1] > 0.0 ? at_most + 1 : 0;
    if (residual_ <= options_.tolerance)
      break;
    const bool stuck = at_most == patience;
    if (stuck || passes_ == options_.most_passes)
      dbar::raise_together(error, world, (stuck ? capped_ : mine == residual_) ? worst_atom(residual_) : "");
    go_on();
  }
  dbar::raise_together(error, world, too_wide());
}

// To the next variances. A pass leaves much the same part of what every variance lacks, and all steps are made longer
// or shorter by it: about one pass less in three, and where clouds are held by their own width alone, a way to rest at
// all.
void PairDbarGpp::go_on() {
  double here[2] = {0.0, 0.0}, all[2];
  for (int i = 0; i < atom->nlocal; ++i) {
    const double wish = std::log(next_[i] / s_[i]);
    here[0] += wish * step_[i];
    here[1] += step_[i] * step_[i];
    step_[i] = wish;
  }
  MPI_Allreduce(here, all, 2, MPI_DOUBLE, MPI_SUM, world);
  if (all[1] > 0.0) {
    const double left = std::clamp(all[0] / all[1], -3.0, 0.4);
    stretch_ = std::clamp(stretch_ / (1.0 - left), 0.02, 1.5);
  }
  const double stretch = residual_ < 0.1 ? stretch_ : std::min(stretch_, 1.0);
  for (int i = 0; i < atom->nlocal; ++i)
    s_[i] = std::min(s_[i] * std::exp(stretch * step_[i]), options_.most_variance);
}

void PairDbarGpp::add_up() {
  std::fill(sums_.begin(), sums_.end(), dbar::gpp::Sums());
  const int last = force->newton_pair ? atom->nlocal + atom->nghost : atom->nlocal;
  walk_->for_each(list, s_, Want::values, [&](const Neighbours &near) {
    dbar::gpp::Sums &sum = sums_[near.i];
    for (int k = 0; k < near.n; ++k) {
      const double *e = near.e[k], back[3] = {-e[0], -e[1], -e[2]};
      dbar::gpp::add_pair(sum, near.f[k], e);
      if (near.j[k] < last)
        dbar::gpp::add_pair(sums_[near.j[k]], near.back[k], back);
    }
  });
  communicate(sums);
  for (int i = 0; i < atom->nlocal; ++i)
    sites_[i] = dbar::gpp::embed(packets_->embedding(map[atom->type[i]]), sums_[i], s_[i]);
  communicate(embedded);
}

void PairDbarGpp::differentiate() {
  std::fill(by_s_.begin(), by_s_.end(), 0.0);
  const int last = force->newton_pair ? atom->nlocal + atom->nghost : atom->nlocal;
  walk_->for_each(list, s_, Want::by_S, [&](const Neighbours &near) {
    for (int k = 0; k < near.n; ++k) {
      const double *e = near.e[k], back[3] = {-e[0], -e[1], -e[2]};
      const double by_S = near.fS[k][dbar::gpp::energy] +
                          dbar::gpp::change_by_S(sites_[near.i], near.f[k], near.fS[k], e) +
                          dbar::gpp::change_by_S(sites_[near.j[k]], near.back[k], near.backS[k], back);
      by_s_[near.i] += by_S;
      if (near.j[k] < last)
        by_s_[near.j[k]] += by_S;
    }
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
    return gpp_style + ": variance of atom " + id + ": found it above smax = " + text_of(options_.most_variance) +
           ", expected it to come to rest: T = " + text_of(options_.temperature) +
           " is above what holds the crystal together, or smax is too small, or the atom is alone";
  return gpp_style + ": variance of atom " + id + ": found a residual of " + text_of(residual) +
         " after maxpass = " + std::to_string(options_.most_passes) +
         " passes, expected at most tol = " + text_of(options_.tolerance);
}

std::string PairDbarGpp::too_wide() const {
  for (int i = 0; i < atom->nlocal; ++i)
    if (sums_[i].phi > 0.0 && sites_[i].width > dbar::gpp::widest)
      return gpp_style + ": density at atom " + std::to_string(atom->tag[i]) +
             ": found a scatter of sqrt(3 v) = " + text_of(sites_[i].width) + " of its mean, expected at most " +
             text_of(dbar::gpp::widest) + ": its neighbours are too few for packets so wide";
  return "";
}

double PairDbarGpp::add_forces() {
  double **x = atom->x, **f = atom->f, pairs = 0.0;
  const int nlocal = atom->nlocal, newton = force->newton_pair;
  walk_->for_each(list, s_, Want::all, [&](const Neighbours &near) {
    const int i = near.i;
    for (int k = 0; k < near.n; ++k) {
      const int j = near.j[k];
      const double *e = near.e[k], back[3] = {-e[0], -e[1], -e[2]};
      const double V = near.f[k][dbar::gpp::energy], slope = near.fR[k][dbar::gpp::energy];
      double pull[3], other[3];
      dbar::gpp::change_by_vector(sites_[i], near.f[k], near.fR[k], near.R[k], e, pull);
      dbar::gpp::change_by_vector(sites_[j], near.back[k], near.backR[k], near.R[k], back, other);
      const bool own = newton || j < nlocal;
      for (int d = 0; d < 3; ++d) {
        pull[d] += slope * e[d] - other[d];
        f[i][d] += pull[d];
        if (own)
          f[j][d] -= pull[d];
      }
      pairs += own ? V : 0.5 * V;
      if (evflag)
        ev_tally_xyz(i, j, nlocal, newton, V, 0.0, pull[0], pull[1], pull[2], x[i][0] - x[j][0], x[i][1] - x[j][1],
                     x[i][2] - x[j][2]);
    }
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
