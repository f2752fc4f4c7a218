#include "engine/cells.h"

#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

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

int Cells::build(const double *x, const double *shift, int nlocal, int nall, double cutoff) {
  sorted_.clear();
  begin_.clear();
  occupied_.clear();
  order_.clear();
  if (nlocal == 0)
    return -1; // nobody will ask
  const int bad = set_up_mesh(x, shift, nlocal, cutoff);
  if (bad >= 0)
    return bad;
  const std::int64_t ncells = n_[0] * n_[1] * n_[2];
  if (ncells <= nall + 4096)
    sort_dense(x, shift, nall, ncells);
  else
    sort_sparse(x, shift, nall);
  order_.reserve(nlocal);
  std::copy_if(sorted_.begin(), sorted_.end(), std::back_inserter(order_), [=](int i) { return i < nlocal; });
  return -1;
}

int Cells::set_up_mesh(const double *x, const double *shift, int nlocal, double cutoff) {
  std::fill_n(lo_, 3, std::numeric_limits<double>::max());
  std::fill_n(hi_, 3, std::numeric_limits<double>::lowest());
  for (int i = 0; i < nlocal; ++i) {
    const Position at(x, shift, i);
    if (!at.finite())
      return i;
    for (int d = 0; d < 3; ++d) {
      lo_[d] = std::min(lo_[d], at.p[d]);
      hi_[d] = std::max(hi_[d], at.p[d]);
    }
  }
  double largest = 0.0;
  for (int d = 0; d < 3; ++d)
    largest = std::max({largest, std::abs(lo_[d]), std::abs(hi_[d])});
  // a little more than the cutoff: rounding must hide no neighbour
  const double reach = cutoff * (1.0 + 1e-9) + 16.0 * std::numeric_limits<double>::epsilon() * largest;
  for (int d = 0; d < 3; ++d) {
    lo_[d] -= reach;
    hi_[d] += reach;
    const double most = 1 << 20; // three such numbers make one of a cell
    n_[d] = static_cast<std::int64_t>(std::clamp((hi_[d] - lo_[d]) / reach, 1.0, most));
    inverse_[d] = static_cast<double>(n_[d]) / (hi_[d] - lo_[d]);
  }
  return -1;
}

// Calls place(atom, its cell) in the order of the atoms.
template <class Place> void Cells::each(const double *x, const double *shift, int nall, Place place) const {
  for (int i = 0; i < nall; ++i) {
    const Position at(x, shift, i);
    const double *p = at.p; // a ghost that is not finite is left out: its owner tells of it
    if (p[0] >= lo_[0] && p[0] <= hi_[0] && p[1] >= lo_[1] && p[1] <= hi_[1] && p[2] >= lo_[2] && p[2] <= hi_[2])
      place(i, cell(p));
  }
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
  return static_cast<double>((sorted_.capacity() + begin_.capacity() + order_.capacity()) * sizeof(int) +
                             occupied_.capacity() * sizeof(std::int64_t));
}

} // namespace dbar
