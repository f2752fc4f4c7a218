#include "engine/cells.h"

#include <limits>

namespace dbar {

namespace {

struct Position {
  double p[3];
  Position(const double *x, const double *shift, int i) {
    const std::size_t at = 3 * static_cast<std::size_t>(i);
    for (int d = 0; d < 3; ++d)
      p[d] = shift ? x[at + d] + shift[at + d] : x[at + d];
  }
  bool finite() const { return std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2]); }
};

} // namespace

int Cells::set_up_mesh(const double *x, const double *shift, int nlocal, double cutoff) {
  double hi[3];
  for (int d = 0; d < 3; ++d) {
    lo_[d] = std::numeric_limits<double>::max();
    hi[d] = std::numeric_limits<double>::lowest();
  }
  for (int i = 0; i < nlocal; ++i) {
    const Position at(x, shift, i);
    if (!at.finite())
      return i;
    for (int d = 0; d < 3; ++d) {
      lo_[d] = std::min(lo_[d], at.p[d]);
      hi[d] = std::max(hi[d], at.p[d]);
    }
  }
  double largest = 0.0;
  for (int d = 0; d < 3; ++d)
    largest = std::max({largest, std::abs(lo_[d]), std::abs(hi[d])});
  reach_ = cutoff * (1.0 + 1e-9) + 16.0 * std::numeric_limits<double>::epsilon() * largest;
  for (int d = 0; d < 3; ++d) {
    lo_[d] -= reach_;
    hi[d] += reach_;
    const double most = 1 << 20; // three such numbers make a number of a cell
    n_[d] = static_cast<int>(std::clamp((hi[d] - lo_[d]) * cells_per_cutoff / reach_, 1.0, most));
    width_[d] = (hi[d] - lo_[d]) / n_[d];
    inverse_[d] = n_[d] / (hi[d] - lo_[d]);
  }
  return -1;
}

// Calls place(atom, number of its cell) in the order of the atoms.
template <class Place> void Cells::each(const double *x, const double *shift, int nall, Place place) const {
  double hi[3];
  for (int d = 0; d < 3; ++d)
    hi[d] = lo_[d] + n_[d] * width_[d];
  for (int i = 0; i < nall; ++i) {
    const Position at(x, shift, i);
    const double *p = at.p; // a ghost that is not finite is left out: its owner tells of it
    if (p[0] >= lo_[0] && p[0] <= hi[0] && p[1] >= lo_[1] && p[1] <= hi[1] && p[2] >= lo_[2] && p[2] <= hi[2])
      place(i, (static_cast<std::int64_t>(cell(p[2], 2)) * n_[1] + cell(p[1], 1)) * n_[0] + cell(p[0], 0));
  }
}

int Cells::build(const double *x, const double *shift, int nlocal, int nall, double cutoff) {
  sorted_.clear();
  begin_.clear();
  occupied_.clear();
  if (nlocal == 0)
    return -1; // nobody will ask
  const int bad = set_up_mesh(x, shift, nlocal, cutoff);
  if (bad >= 0)
    return bad;
  const std::int64_t ncells = static_cast<std::int64_t>(n_[0]) * n_[1] * n_[2];
  if (ncells <= 8 * static_cast<std::int64_t>(nall) + 4096)
    sort_dense(x, shift, nall, ncells);
  else
    sort_sparse(x, shift, nall);
  return -1;
}

void Cells::sort_dense(const double *x, const double *shift, int nall, std::int64_t ncells) {
  // what belongs to cell c is counted two places further on: when all are placed, begin_[c] is where c begins
  begin_.assign(ncells + 2, 0);
  each(x, shift, nall, [this](int, std::int64_t c) { ++begin_[c + 2]; });
  for (std::int64_t c = 2; c < ncells + 2; ++c)
    begin_[c] += begin_[c - 1];
  sorted_.resize(begin_.back());
  each(x, shift, nall, [this](int i, std::int64_t c) { sorted_[begin_[c + 1]++] = i; });
}

void Cells::sort_sparse(const double *x, const double *shift, int nall) {
  std::vector<std::pair<std::int64_t, int>> atoms;
  each(x, shift, nall, [&](int i, std::int64_t c) { atoms.emplace_back(c, i); });
  std::sort(atoms.begin(), atoms.end());
  for (const auto &[c, i] : atoms) {
    if (occupied_.empty() || occupied_.back() != c) {
      occupied_.push_back(c);
      begin_.push_back(static_cast<int>(sorted_.size()));
    }
    sorted_.push_back(i);
  }
  begin_.push_back(static_cast<int>(sorted_.size()));
}

double Cells::memory_usage() const {
  return static_cast<double>((sorted_.capacity() + begin_.capacity()) * sizeof(int) +
                             occupied_.capacity() * sizeof(std::int64_t));
}

} // namespace dbar
