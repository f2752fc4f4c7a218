#include "kernels/density/kernel.h"

#include "kernels/density/entry.h"
#include "kernels/density/strain_maps.h"
#include "kernels/isa/lane_order.h"
#include "kernels/isa/lane_rows.h"

#include <algorithm>

namespace dbar::density {

Kernel::Kernel(std::shared_ptr<const Tables> tables, std::shared_ptr<const Contraction> contraction)
    : tables_(std::move(tables)), contraction_(std::move(contraction)), entry_(entry_in_use()), plan_(tables_->plan()) {
  const int harmonics = (plan_.lmax + 3) * (plan_.lmax + 3);
  count_.resize(plan_.slots * (entry_.lanes + 1));
  work_.count = count_.data();
  work_.most = count_.data() + plan_.slots * entry_.lanes;
  work_.functions =
      take(static_cast<std::size_t>(slot_block) * std::max(plan_.strained.functions, plan_.splines.padded));
  work_.radial = take(2 * plan_.splines.padded);
  work_.harmonics = take(static_cast<std::size_t>(slot_block) * harmonics);
  work_.moments = take(static_cast<std::size_t>(plan_.slots) * plan_.strained.moments);
  work_.c = take(tables_->coefficients());
  A_ = take(tables_->coefficients());
  B_ = take(size());
  theta_ = take(size());
  scratch_ = take(contraction_->scratch());
}

// Room for the neighbours, and what only strain needs.
void Kernel::prepare(const Batch &batch, bool strain) {
  const int most = most_neighbours(batch);
  if (most > work_.room) { // the former array stays: growth doubles, so it never is more than half of all
    work_.room = std::max(most, 2 * work_.room);
    work_.slot = take(SLOT * static_cast<std::size_t>(plan_.slots) * work_.room);
  }
  lane_order(batch, order_);
  work_.order = order_.data();
  if (strain && !dB_) {
    work_.dc = take(6 * static_cast<std::size_t>(tables_->coefficients()));
    dB_ = take(6 * static_cast<std::size_t>(size()));
  }
  std::fill_n(B_, static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
  if (strain)
    std::fill_n(dB_, 6 * static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
}

void Kernel::clear_moments(bool strain) {
  const Layout &layout = strain ? plan_.strained : plan_.value;
  std::fill_n(work_.moments, static_cast<std::size_t>(plan_.slots) * layout.moments * entry_.lanes, 0.0);
}

// The coefficients of the centres that begin with this one in the order.
void Kernel::of_group(const Batch &batch, int begin, bool strain) {
  clear_moments(strain);
  entry_.gather(plan_, work_, batch, begin);
  entry_.add_moments(plan_, work_, batch, begin, strain);
  entry_.coefficients(plan_, work_, strain);
}

double Kernel::lane_sum(const double *x) const {
  double sum = 0.0;
  for (int lane = 0; lane < entry_.lanes; ++lane)
    sum += x[lane];
  return sum;
}

void Kernel::add_sums(double *D, double *V) const {
  for (int k = 0; k < size(); ++k) {
    D[k] += lane_sum(B_ + static_cast<std::size_t>(k) * entry_.lanes);
    if (!V)
      continue;
    double w[6], voigt[6];
    for (int c = 0; c < 6; ++c)
      w[c] = lane_sum(dB_ + (6 * static_cast<std::size_t>(k) + c) * entry_.lanes);
    to_voigt(w, voigt);
    for (int c = 0; c < 6; ++c)
      V[6 * static_cast<std::size_t>(k) + c] += voigt[c];
  }
}

void Kernel::accumulate(const Batch &batch, double *D, double *V) {
  const bool strain = V != nullptr;
  prepare(batch, strain);
  const auto contract = [&] {
    strain ? contraction_->strains(work_.c, work_.dc, B_, dB_, scratch_) : contraction_->values(work_.c, B_, scratch_);
  };
  if (contraction_->linear()) {
    clear_moments(strain);
    for (int i = 0; i < batch.n; i += entry_.lanes) {
      entry_.gather(plan_, work_, batch, i);
      entry_.add_moments(plan_, work_, batch, i, strain);
    }
    entry_.coefficients(plan_, work_, strain);
    contract();
  } else {
    for (int i = 0; i < batch.n; i += entry_.lanes) {
      of_group(batch, i, strain);
      contract();
    }
  }
  add_sums(D, V);
}

void Kernel::per_centre(const Batch &batch, double *B) {
  prepare(batch, false);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    of_group(batch, i, false);
    contraction_->values(work_.c, B_, scratch_);
    to_rows(size(), std::min(entry_.lanes, batch.n - i), B_, &order_[i], B);
    std::fill_n(B_, static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
  }
}

void Kernel::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  prepare(batch, false);
  for (int k = 0; k < size(); ++k)
    std::fill_n(theta_ + static_cast<std::size_t>(k) * entry_.lanes, entry_.lanes, theta[k]);
  clear(batch, grad);
  const std::size_t coefficients = static_cast<std::size_t>(tables_->coefficients()) * entry_.lanes;
  double sums[8];
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    const bool once = contraction_->linear() && i > 0; // the adjoint is the same everywhere
    if (energy || !contraction_->linear())
      of_group(batch, i, false);
    else
      entry_.gather(plan_, work_, batch, i);
    if (!once) {
      std::fill_n(A_, coefficients, 0.0);
      contraction_->adjoint(work_.c, theta_, A_, scratch_);
    }
    entry_.pull_back(plan_, work_, A_, grad);
    if (!energy)
      continue;
    energies(sums);
    for (int lane = 0; lane < entry_.lanes && i + lane < batch.n; ++lane)
      energy[order_[i + lane]] = sums[lane];
  }
}

// theta.B in each lane; <A, c> is as many times as much as the degree in c (Euler).
void Kernel::energies(double *sums) {
  if (const int degree = contraction_->degree()) {
    lane_products(tables_->coefficients(), A_, work_.c, sums);
    for (int lane = 0; lane < entry_.lanes; ++lane)
      sums[lane] /= degree;
    return;
  }
  contraction_->values(work_.c, B_, scratch_);
  lane_products(size(), theta_, B_, sums);
  std::fill_n(B_, static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
}

void Kernel::gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) {
  prepare(batch, false);
  clear(batch, grad);
  const std::size_t coefficients = static_cast<std::size_t>(tables_->coefficients()) * entry_.lanes;
  LaneThetas thetas(theta_of, size(), entry_.lanes);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    of_group(batch, i, false);
    contraction_->values(work_.c, B_, scratch_);
    thetas.find(std::min(entry_.lanes, batch.n - i), &order_[i], B_, theta_);
    std::fill_n(B_, static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
    std::fill_n(A_, coefficients, 0.0);
    contraction_->adjoint(work_.c, theta_, A_, scratch_);
    entry_.pull_back(plan_, work_, A_, grad);
  }
}

std::size_t Kernel::memory_usage() const {
  const std::size_t shared = tables_->memory_usage() + contraction_->memory_usage();
  return sizeof(*this) + shared / static_cast<std::size_t>(tables_.use_count()) + memory_.bytes() +
         (order_.capacity() + count_.capacity()) * sizeof(int);
}

Operations Kernel::operations(Task task) const {
  Operations n = tables_->operations(task);
  if (contraction_->linear())
    n.per_centre = 0.0; // done once, not for each centre
  n.per_centre += contraction_->operations(task).per_centre;
  return n;
}

} // namespace dbar::density
