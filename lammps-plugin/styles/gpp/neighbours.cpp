#include "styles/gpp/neighbours.h"

#include "atom.h"
#include "neigh_list.h"

#include <algorithm>
#include <cmath>
#include <utility>

using namespace LAMMPS_NS;

namespace dbar {

NeighbourWalk::NeighbourWalk(LAMMPS *lmp, std::vector<const gpp::PacketTable *> tables)
    : Pointers(lmp), tables_(std::move(tables)), types_(atom->ntypes) {}

void NeighbourWalk::begin(const NeighList *list, const double *s) {
  s_ = s;
  trouble_.clear();
  widest_ = 0.0;
  for (int i = 0; i < atom->nlocal + atom->nghost; ++i)
    widest_ = std::max(widest_, s[i]);
  if (!list_ || !(widest_ <= bound_)) {
    list_ = list;
    bound_ = 1.25 * widest_; // variances come to rest in passes
    find_near();
  }
}

// LAMMPS's list goes as far as packets of smax do, and by its skin farther: most of it is of no use.
void NeighbourWalk::find_near() {
  const auto *x = reinterpret_cast<const double (*)[3]>(atom->nmax > 0 ? atom->x[0] : nullptr);
  double limit = 0.0;
  for (const gpp::PacketTable *table : tables_)
    limit = std::max(limit, table->reach(2.0 * bound_));
  limit *= limit;
  near_.clear();
  first_.assign(1, 0);
  int most = 0;
  for (int ii = 0; ii < list_->inum; ++ii) {
    const int i = list_->ilist[ii], *neighbours = list_->firstneigh[i], count = list_->numneigh[i];
    std::size_t n = near_.size();
    near_.resize(n + count);
    for (int jj = 0; jj < count; ++jj) { // without branches: which of them are near is anybody's guess
      const int j = neighbours[jj] & NEIGHMASK;
      const double dx = x[j][0] - x[i][0], dy = x[j][1] - x[i][1], dz = x[j][2] - x[i][2];
      near_[n] = j;
      n += dx * dx + dy * dy + dz * dz < limit;
    }
    near_.resize(n);
    most = std::max(most, static_cast<int>(n - first_.back()));
    first_.push_back(n);
  }
  make_room(most);
}

void NeighbourWalk::make_room(int neighbours) {
  if (neighbours <= room_)
    return;
  room_ = neighbours + neighbours / 4;
  j_.resize(room_);
  R_.resize(room_);
  S_.resize(room_);
  e_.resize(3 * static_cast<std::size_t>(room_));
  for (auto &average : averages_)
    average.resize(gpp::averages * static_cast<std::size_t>(room_));
}

bool NeighbourWalk::gather(int ii, int wanted_type, Want want) {
  const int i = list_->ilist[ii], *type = atom->type;
  const auto *x = reinterpret_cast<const double (*)[3]>(atom->x[0]);
  auto *e = reinterpret_cast<double (*)[3]>(e_.data());
  const gpp::PacketTable *at_i = tables_[(type[i] - 1) * types_ + wanted_type - 1];
  const gpp::PacketTable *at_j = tables_[(wanted_type - 1) * types_ + type[i] - 1];
  int near = 0;
  for (std::size_t k = first_[ii]; k < first_[ii + 1]; ++k) {
    const int j = near_[k];
    if (types_ > 1 && type[j] != wanted_type)
      continue;
    j_[near] = j;
    for (int d = 0; d < 3; ++d)
      e[near][d] = x[j][d] - x[i][d];
    ++near;
  }
  for (int k = 0; k < near; ++k)
    R_[k] = std::sqrt(e[k][0] * e[k][0] + e[k][1] * e[k][1] + e[k][2] * e[k][2]);
  int n = 0;
  for (int k = 0; k < near; ++k) {
    const double R = R_[k], S = s_[i] + s_[j_[k]];
    if (!at_i->sees(R, S))
      continue;
    if (R < 1e-6) {
      trouble_ = "atoms " + std::to_string(atom->tag[i]) + " and " + std::to_string(atom->tag[j_[k]]) +
                 ": found both at one place, expected a distance";
      continue;
    }
    const double inverse = 1.0 / R;
    for (int d = 0; d < 3; ++d)
      e[n][d] = e[k][d] * inverse;
    j_[n] = j_[k];
    R_[n] = R;
    S_[n] = S;
    ++n;
  }
  if (n == 0)
    return false;
  gpp::Averages *to[6];
  for (int k = 0; k < 6; ++k) {
    const bool asked = k % 3 == 0 || want == Want::all || (want == Want::by_S && k % 3 == 2);
    to[k] = asked ? reinterpret_cast<gpp::Averages *>(averages_[k].data()) : nullptr;
  }
  at_i->averages_at(n, R_.data(), S_.data(), to[0], to[1], to[2]);
  if (at_j != at_i)
    at_j->averages_at(n, R_.data(), S_.data(), to[3], to[4], to[5]);
  else
    std::copy_n(to, 3, to + 3);
  found_ = {i, n, j_.data(), R_.data(), S_.data(), e, to[0], to[1], to[2], to[3], to[4], to[5]};
  return true;
}

double NeighbourWalk::memory_usage() const {
  return near_.capacity() * sizeof(int) + first_.capacity() * sizeof(std::size_t) +
         static_cast<double>(room_) * (sizeof(int) + (5 + 6 * gpp::averages) * sizeof(double));
}

} // namespace dbar
