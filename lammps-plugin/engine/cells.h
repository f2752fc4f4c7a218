// Atoms sorted into cells, so that those near a point are found: indices alone, the positions stay where they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dbar {

class Cells {
public:
  // x[nall][3], to which `shift` (null: nothing) is added. Neighbours will be sought within `cutoff` of the first
  // `nlocal` atoms; others that lie further from the box around these are left out. Returns the first atom whose
  // position is not finite, -1 if there is none.
  int build(const double *x, const double *shift, int nlocal, int nall, double cutoff);

  // Calls run(first, last) with pieces of the sorted atoms; all within the cutoff of p are among them, others as well.
  template <class Run> void near(const double p[3], Run run) const;

  double memory_usage() const;

private:
  // A cell is half a cutoff wide: a finer mesh has fewer atoms in vain, and more rows to go through.
  static constexpr double cells_per_cutoff = 2.0;

  int cell(double p, int d) const { // p lies within the mesh
    return std::min(static_cast<int>((p - lo_[d]) * inverse_[d]), n_[d] - 1);
  }
  std::pair<int, int> cells(double from, double to, int d) const { // first and last, clipped to the mesh
    const double first = (from - lo_[d]) * inverse_[d], last = (to - lo_[d]) * inverse_[d], most = n_[d] - 1;
    return {static_cast<int>(std::clamp(first, 0.0, most)), static_cast<int>(std::clamp(last, 0.0, most))};
  }
  double gap(double p, int cell, int d) const { // from p to the nearest point of the cells of that number
    const double lo = lo_[d] + cell * width_[d];
    return std::max({0.0, lo - p, p - (lo + width_[d])});
  }
  int set_up_mesh(const double *x, const double *shift, int nlocal, double cutoff);
  void sort_dense(const double *x, const double *shift, int nall, std::int64_t ncells);
  void sort_sparse(const double *x, const double *shift, int nall);
  template <class Place> void each(const double *x, const double *shift, int nall, Place place) const;

  double reach_ = 0.0; // a little more than the cutoff: rounding must hide no neighbour
  double lo_[3] = {}, width_[3] = {}, inverse_[3] = {};
  int n_[3] = {};
  std::vector<int> sorted_; // atoms, cell after cell, x fastest
  std::vector<int> begin_;  // where each cell begins in sorted_, and the end
  // Where so few cells have atoms that a number for each would be waste: those that have, ascending.
  std::vector<std::int64_t> occupied_;
};

template <class Run> void Cells::near(const double p[3], Run run) const {
  const auto [z0, z1] = cells(p[2] - reach_, p[2] + reach_, 2);
  for (int z = z0; z <= z1; ++z) {
    const double dz = gap(p[2], z, 2), rest = reach_ * reach_ - dz * dz;
    if (rest < 0.0)
      continue;
    const double ry = std::sqrt(rest);
    const auto [y0, y1] = cells(p[1] - ry, p[1] + ry, 1);
    for (int y = y0; y <= y1; ++y) {
      const double dy = gap(p[1], y, 1), left = rest - dy * dy;
      if (left < 0.0)
        continue;
      const double rx = std::sqrt(left);
      const auto [x0, x1] = cells(p[0] - rx, p[0] + rx, 0);
      const std::int64_t row = (static_cast<std::int64_t>(z) * n_[1] + y) * n_[0];
      std::size_t first = row + x0, last = row + x1 + 1;
      if (!occupied_.empty()) {
        const auto from = std::lower_bound(occupied_.begin(), occupied_.end(), row + x0);
        first = from - occupied_.begin();
        last = std::upper_bound(from, occupied_.end(), row + x1) - occupied_.begin();
      }
      if (begin_[first] < begin_[last])
        run(sorted_.data() + begin_[first], sorted_.data() + begin_[last]);
    }
  }
}

} // namespace dbar
