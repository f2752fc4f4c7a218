// The bispectrum by vector kernels: a lane per centre.
#include "kernels/bso4/bispectrum.h"
#include "kernels/bso4/lanes/count.h"
#include "kernels/bso4/lanes/tables.h"
#include "kernels/bso4/lanes/work.h"
#include "kernels/density/strain_maps.h"
#include "kernels/isa/aligned_memory.h"
#include "kernels/isa/isa.h"
#include "kernels/isa/lane_order.h"
#include "kernels/isa/lane_rows.h"

#include <algorithm>

namespace dbar::bso4 {

namespace {

class Scratch {
public:
  Scratch(const Plan &plan, int lanes);

  Work work{};
  void need(int slots); // room for so many neighbours
  void clear(const Plan &plan);
  std::size_t bytes() const { return memory_.bytes(); }

private:
  double *take(std::size_t vectors) { return memory_.take(vectors * lanes_); }

  int lanes_;
  AlignedMemory memory_;
};

Scratch::Scratch(const Plan &plan, int lanes) : lanes_(lanes) {
  const Layout &wide = plan.strained;
  const std::size_t elements = offset(plan.twojmax + 1);
  // Functions and harmonics have done their part when Z begins: they share its memory.
  const std::size_t functions = static_cast<std::size_t>(slot_block) * wide.functions;
  const std::size_t harmonics = static_cast<std::size_t>(slot_block) * (wide.largest + 1) * (wide.largest + 1);
  const int z = std::max({plan.value.z_elements, plan.strain.z_elements, plan.half_elements});
  work.z = take(std::max(functions + harmonics, 2 * static_cast<std::size_t>(z)));
  work.functions = work.z;
  work.harmonics = work.z + functions * lanes;
  work.moments = take(wide.moments);
  work.parts = take(7 * elements);
  work.u = take(2 * elements);
  work.uw = take(14 * static_cast<std::size_t>(plan.half_elements));
  work.value = take(plan.components);
  work.theta = take(plan.components);
  work.strain = take(6 * static_cast<std::size_t>(plan.components));
}

void Scratch::need(int slots) {
  if (slots <= work.slots)
    return;
  // The former arrays stay until the end: growth doubles, so they never are more than half of all.
  work.slots = std::max(slots, 2 * work.slots);
  work.slot = take(6 * static_cast<std::size_t>(work.slots));
  work.point = take(point_size * static_cast<std::size_t>(work.slots));
}

void Scratch::clear(const Plan &plan) {
  std::fill(work.value, work.value + plan.components * lanes_, 0.0);
  std::fill(work.strain, work.strain + 6 * plan.components * lanes_, 0.0);
}

class LaneKernel : public Bispectrum {
public:
  LaneKernel(const Settings &settings, const Entry &entry, std::shared_ptr<const Tables> tables)
      : Bispectrum(settings), entry_(entry), tables_(std::move(tables)), plan_(tables_->plan()),
        scratch_(plan_, entry.lanes) {}

  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  void gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) override;
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<LaneKernel>(s_, entry_, tables_); }
  std::size_t memory_usage() const override {
    return sizeof(*this) + scratch_.bytes() + tables_->memory_usage() + order_.capacity() * sizeof(int) +
           (theta_.capacity() + cb_.capacity()) * sizeof(double);
  }
  Operations operations(Task task) const override { return count(plan_, task); }
  const char *instruction_set() const override { return active_isa(); }

private:
  void prepare(const Batch &batch);
  void subtract_isolated(); // from the values
  double lane_sum(const double *x) const {
    double sum = 0.0;
    for (int lane = 0; lane < entry_.lanes; ++lane)
      sum += x[lane];
    return sum;
  }

  const Entry &entry_;
  std::shared_ptr<const Tables> tables_; // shared by clones
  const Plan &plan_;
  Scratch scratch_;
  std::vector<int> order_;
  std::vector<double> theta_, cb_; // the cb of the adjoint of theta
  Couplings adjoint_{};
};

void LaneKernel::prepare(const Batch &batch) {
  scratch_.need(most_neighbours(batch) + 1); // gathering writes one place past the last
  lane_order(batch, order_);
  scratch_.work.order = order_.data();
}

void LaneKernel::subtract_isolated() {
  for (int k = 0; s_.bzero && k < plan_.components; ++k)
    for (int lane = 0; lane < entry_.lanes; ++lane)
      scratch_.work.value[k * entry_.lanes + lane] -= isolated(k);
}

void LaneKernel::accumulate(const Batch &batch, double *D, double *V) {
  prepare(batch);
  scratch_.clear(plan_);
  const Work &work = scratch_.work;
  for (int i = 0; i < batch.n; i += entry_.lanes)
    entry_.accumulate(plan_, work, batch, i, V != nullptr);
  for (int k = 0; k < plan_.components; ++k) {
    D[k] += lane_sum(work.value + k * entry_.lanes) - batch.n * isolated(k);
    if (!V)
      continue;
    double w[6];
    for (int c = 0; c < 6; ++c)
      w[c] = lane_sum(work.strain + (6 * k + c) * entry_.lanes);
    double voigt[6];
    density::to_voigt(w, voigt);
    for (int c = 0; c < 6; ++c)
      V[6 * k + c] += voigt[c];
  }
}

void LaneKernel::per_centre(const Batch &batch, double *B) {
  prepare(batch);
  const Work &work = scratch_.work;
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    scratch_.clear(plan_);
    entry_.accumulate(plan_, work, batch, i, false);
    subtract_isolated();
    to_rows(plan_.components, std::min(entry_.lanes, batch.n - i), work.value, &order_[i], B);
  }
}

void LaneKernel::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  prepare(batch);
  if (!std::equal(theta_.begin(), theta_.end(), theta, theta + plan_.components)) {
    theta_.assign(theta, theta + plan_.components);
    scale_couplings(tables_->adjoint(), tables_->blocks(), theta, cb_);
    adjoint_ = tables_->adjoint().view;
    adjoint_.cb = cb_.data();
  }
  double constant = 0.0;
  for (int k = 0; k < plan_.components; ++k)
    constant += theta[k] * isolated(k);
  clear(batch, grad);
  double lane_energy[8];
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    entry_.gradient(plan_, scratch_.work, adjoint_, batch, i, grad, lane_energy);
    // B is of third degree in U, so <Y, U> = 3 E.
    for (int lane = 0; energy && lane < entry_.lanes && i + lane < batch.n; ++lane)
      energy[order_[i + lane]] = lane_energy[lane] / 3.0 - constant;
  }
}

void LaneKernel::gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) {
  prepare(batch);
  clear(batch, grad);
  const Work &work = scratch_.work;
  LaneThetas thetas(theta_of, plan_.components, entry_.lanes);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    const int slots = entry_.values_of_each(plan_, work, batch, i);
    subtract_isolated();
    thetas.find(std::min(entry_.lanes, batch.n - i), &order_[i], work.value, work.theta);
    entry_.gradient_of_each(plan_, work, slots, grad);
  }
}

} // namespace

std::unique_ptr<Descriptor> make_lane_kernel(const Settings &settings) {
  const Entry *chosen = in_use([](auto isa) { return entry(isa); });
  return chosen ? std::make_unique<LaneKernel>(settings, *chosen, std::make_shared<Tables>(settings)) : nullptr;
}

} // namespace dbar::bso4
