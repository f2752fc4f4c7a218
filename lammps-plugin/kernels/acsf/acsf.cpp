// Atom-centred symmetry functions: G2 of one neighbour, G3 of two.
#include "kernels/acsf/lanes/plan.h"
#include "kernels/acsf/settings.h"
#include "kernels/density/settings.h"
#include "kernels/isa/aligned_memory.h"
#include "kernels/isa/isa.h"
#include "kernels/isa/lane_order.h"
#include "kernels/isa/lane_rows.h"

#include <algorithm>
#include <cmath>

namespace dbar::acsf {

namespace {

// eta_m = (N^(m/N) / rcut)^2, m = 0 ... N, at the centre; R_m = rcut / N^(m/N) with eta = 1 / (R_(m-1) - R_m)^2,
// m = 1 ... N.
struct Tables {
  explicit Tables(const Settings &s);

  std::vector<int> slot_of;
  std::vector<double> weight, eta2, shift2, eta, zeta;
  Plan plan{};
};

Tables::Tables(const Settings &s) : slot_of(s.nspecies, -1), weight(s.nspecies, 1.0), zeta(s.zeta) {
  for (std::size_t a = 0; a < s.neighbors.size(); ++a)
    slot_of[s.neighbors[a]] = static_cast<int>(a);
  const double N = s.grid;
  const auto step = [&](int m) { return std::pow(N, m / N); };
  for (int m = 0; m <= s.grid; ++m)
    eta.push_back(std::pow(step(m) / s.rcut, 2));
  eta2 = eta;
  shift2.assign(eta.size(), 0.0);
  for (int m = 1; m <= s.grid; ++m) {
    eta2.push_back(std::pow(s.rcut / step(m - 1) - s.rcut / step(m), -2));
    shift2.push_back(s.rcut / step(m));
  }
  density::Plan &p = plan.neighbours;
  p.species = s.nspecies;
  p.slots = static_cast<int>(s.neighbors.size());
  p.slot_of = slot_of.data();
  p.weight = weight.data();
  p.rcutsq = s.rcut * s.rcut;
  plan.rcut = s.rcut;
  plan.radial = static_cast<int>(eta2.size());
  plan.eta2 = eta2.data();
  plan.shift2 = shift2.data();
  plan.widths = static_cast<int>(eta.size());
  plan.zetas = static_cast<int>(zeta.size());
  plan.eta = eta.data();
  plan.zeta = zeta.data();
  const double n = p.slots;
  density::check_size(n * plan.radial + n * (n + 1.0) * plan.widths * plan.zetas, name,
                      "use a smaller grid, fewer zeta or fewer neighbors");
}

class Acsf : public Descriptor {
public:
  Acsf(const Settings &settings, std::shared_ptr<const Tables> tables);

  int size() const override { return plan_.components(); }
  std::vector<std::string> labels() const override { return acsf::labels(s_); }
  int nspecies() const override { return s_.nspecies; }
  double cutoff() const override { return s_.rcut; }
  double cutoff(int, int tj) const override { return tables_->slot_of[tj] < 0 ? 0.0 : s_.rcut; }
  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  void gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) override;
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Acsf>(s_, tables_); }
  std::size_t memory_usage() const override {
    return sizeof(*this) + memory_.bytes() + order_.capacity() * sizeof(int);
  }
  const char *instruction_set() const override { return vector_isa(); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  void prepare(const Batch &batch, bool strain);
  double *take(std::size_t vectors) { return memory_.take(vectors * entry_.lanes); }
  void clear_values() { std::fill_n(B_, static_cast<std::size_t>(size()) * entry_.lanes, 0.0); }
  double value(int k, int lane) const { return B_[static_cast<std::size_t>(k) * entry_.lanes + lane]; }

  Settings s_;
  std::shared_ptr<const Tables> tables_;
  const Plan &plan_;
  const Entry &entry_;
  AlignedMemory memory_;
  Work work_{};
  std::vector<int> order_, count_;
  double *B_, *theta_, *dB_ = nullptr; // [K], [K], [K][6]
};

Acsf::Acsf(const Settings &settings, std::shared_ptr<const Tables> tables)
    : s_(settings), tables_(std::move(tables)), plan_(tables_->plan),
      entry_(in_use_or_portable([](auto isa) { return entry(isa); })) {
  count_.resize(plan_.neighbours.slots * (entry_.lanes + 1));
  work_.neighbours.count = count_.data();
  work_.neighbours.most = count_.data() + plan_.neighbours.slots * entry_.lanes;
  B_ = take(size());
  theta_ = take(size());
}

void Acsf::prepare(const Batch &batch, bool strain) {
  const int most = most_neighbours(batch);
  density::Work &near = work_.neighbours;
  if (most > near.room) { // the former arrays stay: growth doubles, so they never are more than half of all
    near.room = std::max(most, 2 * near.room);
    const std::size_t all = static_cast<std::size_t>(plan_.neighbours.slots) * near.room;
    near.slot = take(density::SLOT * all);
    work_.point = take((fixed + 2 * plan_.widths) * all);
    work_.gradient = take(3 * all);
  }
  lane_order(batch, order_);
  near.order = order_.data();
  clear_values();
  if (strain && !dB_)
    dB_ = take(6 * static_cast<std::size_t>(size()));
  if (strain)
    std::fill_n(dB_, 6 * static_cast<std::size_t>(size()) * entry_.lanes, 0.0);
}

void Acsf::accumulate(const Batch &batch, double *D, double *V) {
  prepare(batch, V != nullptr);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    entry_.gather(plan_, work_, batch, i);
    entry_.values(plan_, work_, B_, V ? dB_ : nullptr);
  }
  for (int lane = 0; lane < entry_.lanes; ++lane) {
    for (int k = 0; k < size(); ++k)
      D[k] += value(k, lane);
    for (std::size_t k = 0; V && k < 6 * static_cast<std::size_t>(size()); ++k)
      V[k] += dB_[k * entry_.lanes + lane];
  }
}

void Acsf::per_centre(const Batch &batch, double *B) {
  prepare(batch, false);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    clear_values();
    entry_.gather(plan_, work_, batch, i);
    entry_.values(plan_, work_, B_, nullptr);
    to_rows(size(), std::min(entry_.lanes, batch.n - i), B_, &order_[i], B);
  }
}

void Acsf::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  prepare(batch, false);
  clear(batch, grad);
  for (int k = 0; k < size(); ++k)
    std::fill_n(theta_ + static_cast<std::size_t>(k) * entry_.lanes, entry_.lanes, theta[k]);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    entry_.gather(plan_, work_, batch, i);
    entry_.gradient(plan_, work_, theta_, grad);
    if (!energy)
      continue;
    clear_values();
    entry_.values(plan_, work_, B_, nullptr);
    for (int lane = 0; lane < entry_.lanes && i + lane < batch.n; ++lane) {
      double &e = energy[order_[i + lane]] = 0.0;
      for (int k = 0; k < size(); ++k)
        e += theta[k] * value(k, lane);
    }
  }
}

void Acsf::gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) {
  prepare(batch, false);
  clear(batch, grad);
  LaneThetas thetas(theta_of, size(), entry_.lanes);
  for (int i = 0; i < batch.n; i += entry_.lanes) {
    clear_values();
    entry_.gather(plan_, work_, batch, i);
    entry_.values(plan_, work_, B_, nullptr);
    thetas.find(std::min(entry_.lanes, batch.n - i), &order_[i], B_, theta_);
    entry_.gradient(plan_, work_, theta_, grad);
  }
}

} // namespace

Family family() {
  const auto make = [](double rcut, Words &words, int nspecies) -> std::unique_ptr<Descriptor> {
    const Settings s = read_settings(rcut, words, nspecies);
    return std::make_unique<Acsf>(s, std::make_shared<const Tables>(s));
  };
  return {make, keywords};
}

} // namespace dbar::acsf
