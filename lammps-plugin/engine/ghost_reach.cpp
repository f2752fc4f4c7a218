#include "engine/ghost_reach.h"

#include "engine/round_up.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "neighbor.h"
#include "pair.h"

#include <algorithm>
#include <cmath>

using namespace LAMMPS_NS;

namespace dbar {

namespace {

// What LAMMPS knows of the last time it made lists is for its own classes alone.
struct Lists : Neighbor {
  static bool box_is_held(const Neighbor &n) { return n.*(&Lists::boxcheck) != 0; }
  static const double *lo(const Neighbor &n) { return n.*(&Lists::boxlo_hold); }
  static const double *hi(const Neighbor &n) { return n.*(&Lists::boxhi_hold); }
  static const double (*corners(const Neighbor &n))[3] { return n.*(&Lists::corners_hold); }
  static int room(const Neighbor &n) { return n.*(&Lists::maxhold); }
};

struct Border : Comm {
  static int group(const Comm &c) { return c.*(&Border::bordergroup); }
};

double length(const double v[3]) {
  return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

} // namespace

void GhostReach::check_settings(const char *command, double cutoff) {
  distances_checked_ = neighbor->dist_check;
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "{}: needs the same ghost cutoff for all types, found comm_modify mode multi; use mode single",
               command);
  if (Border::group(*comm))
    error->all(FLERR,
               "{}: found comm_modify group, which leaves atoms out that are neighbors all the same; expected ghost "
               "atoms of all groups: comm_modify group all",
               command);
  // Comm::get_comm_cutoff() knows the pair cutoff only after this init()
  const double needed = cutoff + neighbor->skin;
  const double found = std::max(comm->cutghostuser, force->pair ? force->pair->cutforce + neighbor->skin : 0.0);
  if (found < needed)
    error->all(FLERR,
               "{}: ghost atoms reach {:.6g}, but the descriptor cutoff {:.6g} plus the neighbor skin {:.6g} needs "
               "{:.6g}. Add the command: comm_modify cutoff {}",
               command, found, cutoff, neighbor->skin, needed, round_up(needed));
}

GhostReach::Box GhostReach::now() const {
  Box box = {};
  for (int d = 0; d < 3; ++d) {
    box.origin[d] = domain->boxlo[d];
    box.edge[d][d] = domain->boxhi[d] - domain->boxlo[d];
  }
  if (domain->triclinic) {
    box.edge[1][0] = domain->xy;
    box.edge[2][0] = domain->xz;
    box.edge[2][1] = domain->yz;
  }
  return box;
}

GhostReach::Box GhostReach::held() const {
  if (!Lists::box_is_held(*neighbor) || !neighbor->dist_check)
    return now(); // LAMMPS keeps it where it may change
  Box box = {};
  if (domain->triclinic) {
    const auto *corner = Lists::corners(*neighbor);
    for (int d = 0; d < 3; ++d) {
      box.origin[d] = corner[0][d];
      for (int k = 0; k < 3; ++k)
        box.edge[k][d] = corner[1 << k][d] - corner[0][d];
    }
    return box;
  }
  for (int d = 0; d < 3; ++d) {
    box.origin[d] = Lists::lo(*neighbor)[d];
    box.edge[d][d] = Lists::hi(*neighbor)[d] - Lists::lo(*neighbor)[d];
  }
  return box;
}

namespace {

// Distance of the planes of constant fractional coordinate 0 and 1, for each coordinate: edges are lower triangular.
void thickness(const double (*h)[3], double t[3]) {
  const double inverse[3] = {1.0 / h[0][0], 1.0 / h[1][1], 1.0 / h[2][2]};
  const double xy = -h[1][0] * inverse[0] * inverse[1], yz = -h[2][1] * inverse[1] * inverse[2];
  const double xz = (h[1][0] * h[2][1] - h[1][1] * h[2][0]) * inverse[0] * inverse[1] * inverse[2];
  const double row[3][3] = {{inverse[0], xy, xz}, {0.0, inverse[1], yz}, {0.0, 0.0, inverse[2]}};
  for (int d = 0; d < 3; ++d)
    t[d] = 1.0 / length(row[d]);
}

} // namespace

double GhostReach::there() const {
  if (!domain->triclinic)
    return std::min({comm->cutghost[0], comm->cutghost[1], comm->cutghost[2]});
  double t[3]; // LAMMPS has them as fractions of the box of that time
  thickness(held().edge, t);
  return std::min({comm->cutghost[0] * t[0], comm->cutghost[1] * t[1], comm->cutghost[2] * t[2]});
}

double GhostReach::outside(double **shift, const Box &box) const {
  double t[3], lo[3], hi[3], most = 0.0;
  thickness(box.edge, t);
  for (int d = 0; d < 3; ++d) { // as fractions; the parts of the ranks change only when lists are made
    lo[d] = domain->triclinic ? domain->sublo_lamda[d] : (domain->sublo[d] - domain->boxlo[d]) / domain->prd[d];
    hi[d] = domain->triclinic ? domain->subhi_lamda[d] : (domain->subhi[d] - domain->boxlo[d]) / domain->prd[d];
  }
  for (int i = 0; i < atom->nlocal; ++i) {
    double s[3];
    for (int d = 0; d < 3; ++d)
      s[d] = atom->x[i][d] + (shift ? shift[i][d] : 0.0) - box.origin[d];
    s[2] /= box.edge[2][2];
    s[1] = (s[1] - box.edge[2][1] * s[2]) / box.edge[1][1];
    s[0] = (s[0] - box.edge[1][0] * s[1] - box.edge[2][0] * s[2]) / box.edge[0][0];
    for (int d = 0; d < 3; ++d)
      most = std::max({most, (lo[d] - s[d]) * t[d], (s[d] - hi[d]) * t[d]});
  }
  return most;
}

GhostReach::Moved GhostReach::moved(double **shift) const {
  Moved most;
  // Atoms beyond those of neigh_modify include, and all with check no, are not looked at by LAMMPS: as it does itself,
  // take the word of who wrote the script that they move by no more than half the skin between neighbour lists.
  const bool looks = distances_checked_ && neighbor->dist_check && neighbor->get_xhold() != nullptr;
  int held = looks ? std::min(atom->nlocal, Lists::room(*neighbor)) : 0;
  if (neighbor->includegroup)
    held = std::min(held, atom->nfirst);
  double **hold = neighbor->get_xhold();
  double squared = 0.0, unseen = -1.0;
  for (int i = 0; i < atom->nlocal; ++i) {
    double u[3] = {0.0, 0.0, 0.0};
    for (int d = 0; d < 3; ++d)
      u[d] = (shift ? shift[i][d] : 0.0) + (i < held ? atom->x[i][d] - hold[i][d] : 0.0);
    double &where = i < held ? squared : unseen;
    where = std::max(where, u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
  }
  most.atoms = std::sqrt(squared);
  if (unseen >= 0.0)
    most.atoms = std::max(most.atoms, std::sqrt(unseen) + (neighbor->ago > 0 ? 0.5 * neighbor->skin : 0.0));

  const Box then = this->held(), present = now();
  double t[3];
  thickness(then.edge, t);
  for (int k = 0; k < 3; ++k) {
    double change[3];
    for (int d = 0; d < 3; ++d)
      change[d] = present.edge[k][d] - then.edge[k][d];
    if (domain->periodicity[k])
      most.images += length(change) * (std::floor(there() / t[k]) + 1.0);
  }
  most.outside = outside(shift, then);
  return most;
}

} // namespace dbar
