// Atoms sorted into cells, so that those near one are found: indices alone, the positions stay where they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dbar {

class Cells {
public:
  // x[nall][3], to which `shift` (null: nothing) is added. Neighbours will be sought within `cutoff` of the first
  // `nlocal` atoms; others that lie further from the box around these are left out. Returns the first of the `nlocal`
  // whose position is not finite, -1 if there is none.
  int build(const double *x, const double *shift, int nlocal, int nall, double cutoff);

  // The first `nlocal` atoms, cell after cell: one that comes after another often has the same candidates.
  const std::vector<int> &order() const { return order_; }
  // The cell in which a position lies.
  std::int64_t cell(const double p[3]) const {
    return (place(p[2], 2) * n_[1] + place(p[1], 1)) * n_[0] + place(p[0], 0);
  }
  // Calls run(first, last) with pieces of the sorted atoms: all that are within the cutoff of an atom in this cell are
  // among them, others as well.
  template <class Run> void candidates(std::int64_t cell, Run run) const;

  double memory_usage() const;

private:
  std::int64_t place(double p, int d) const {
    return std::min(static_cast<std::int64_t>((p - lo_[d]) * inverse_[d]), n_[d] - 1);
  }
  int set_up_mesh(const double *x, const double *shift, int nlocal, double cutoff);
  void sort_dense(const double *x, const double *shift, int nall, std::int64_t ncells);
  void sort_sparse(const double *x, const double *shift, int nall);
  template <class Place> void each(const double *x, const double *shift, int nall, Place place) const;

  double lo_[3] = {}, hi_[3] = {}, inverse_[3] = {};
  std::int64_t n_[3] = {};  // cells in each direction, none thinner than the cutoff
  std::vector<int> sorted_; // atoms, cell after cell, x fastest
  std::vector<int> begin_;  // where each cell begins in sorted_, and the end
  std::vector<int> order_;  // of sorted_ the first nlocal atoms
  // Where so few cells have atoms that a number for each would be waste: those that have, ascending.
  std::vector<std::int64_t> occupied_;
};

template <class Run> void Cells::candidates(std::int64_t cell, Run run) const {
  const std::int64_t x = cell % n_[0], y = cell / n_[0] % n_[1], z = cell / n_[0] / n_[1];
  const std::int64_t x0 = std::max<std::int64_t>(x - 1, 0), x1 = std::min(x + 1, n_[0] - 1);
  for (std::int64_t w = std::max<std::int64_t>(z - 1, 0); w <= std::min(z + 1, n_[2] - 1); ++w)
    for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, n_[1] - 1); ++v) {
      const std::int64_t row = (w * n_[1] + v) * n_[0];
      std::size_t first = row + x0, last = row + x1 + 1;
      if (!occupied_.empty()) {
        const auto from = std::lower_bound(occupied_.begin(), occupied_.end(), row + x0);
        first = from - occupied_.begin();
        last = std::upper_bound(from, occupied_.end(), row + x1) - occupied_.begin();
      }
      run(sorted_.data() + begin_[first], sorted_.data() + begin_[last]);
    }
}

} // namespace dbar
