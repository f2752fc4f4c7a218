#include "kernels/density/selection.h"

#include "kernels/density/entry.h"

#include <utility>

namespace dbar::density {

namespace {

void add(int lanes, const double *from, double *to) {
  for (int lane = 0; lane < lanes; ++lane)
    to[lane] += from[lane];
}

} // namespace

Selection::Selection(std::vector<int> source, int coefficients)
    : source_(std::move(source)), coefficients_(coefficients), lanes_(entry_in_use().lanes) {}

void Selection::values(const double *c, double *B, double *) const {
  for (int k = 0; k < size(); ++k)
    add(lanes_, c + source_[k] * lanes_, B + k * lanes_);
}

void Selection::strains(const double *c, const double *dc, double *B, double *dB, double *scratch) const {
  values(c, B, scratch);
  for (int k = 0; k < size(); ++k)
    for (int q = 0; q < 6; ++q)
      add(lanes_, dc + (static_cast<std::size_t>(q) * coefficients_ + source_[k]) * lanes_, dB + (6 * k + q) * lanes_);
}

void Selection::adjoint(const double *, const double *theta, double *A, double *) const {
  for (int k = 0; k < size(); ++k)
    add(lanes_, theta + k * lanes_, A + source_[k] * lanes_);
}

} // namespace dbar::density
