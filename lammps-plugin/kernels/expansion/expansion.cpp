// c_anlm = sum over centres i and neighbours j of species a of fc(r) I_nl(r) Y_lm(r/|r|), r = r_ij,
// as F_nl(r^2) X_lm(r) with the solid harmonics X_lm = r^l Y_lm. With h = 2 dF/d(r^2) the derivative is
// dB/dr_b = h r_b X + F dX/dr_b: smooth at r = 0 too, where only l = 0 remains.
#include "kernels/density/harmonics.h"
#include "kernels/density/table.h"
#include "kernels/expansion/settings.h"

#include <algorithm>

namespace dbar::expansion {

namespace {

using density::Harmonics;
using density::Table;

constexpr int lanes = Harmonics::lanes;
constexpr int row[6] = {0, 1, 2, 0, 0, 1}, column[6] = {0, 1, 2, 1, 2, 2};

// Up to `lanes` neighbours of any centres; the rest is at the origin.
struct Block {
  int n = 0;
  int pair[lanes], centre[lanes], slot[lanes]; // slot: which of the species that are expanded
  double r[3][lanes] = {}, rsq[lanes] = {};
};

class Expansion : public Descriptor {
public:
  Expansion(const Settings &settings, std::shared_ptr<const Table> table);

  int size() const override { return s_.channels() * nslots(); }
  std::vector<std::string> labels() const override { return expansion::labels(s_); }
  int nspecies() const override { return s_.nspecies; }
  double cutoff() const override { return s_.rcut; }
  double cutoff(int, int tj) const override { return slot_[tj] < 0 ? 0.0 : s_.rcut; }
  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Expansion>(s_, table_); }
  std::size_t memory_usage() const override;
  Operations operations(Task task) const override;
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  int nslots() const { return static_cast<int>(s_.neighbors.size()); }
  // Calls use(block) for the neighbours of centres begin to end that count.
  template <class Use> void each_block(const Batch &batch, int begin, int end, Use use) const;
  void add_values(const Block &block);
  void add_strain(const Block &block);
  void strained_harmonics(const Block &block);
  // Component k of the output is at [slot][lm][n] here.
  template <class Use> void each_component(Use use) const;

  Settings s_;
  std::shared_ptr<const Table> table_; // the same for all clones
  std::vector<int> slot_;              // [nspecies], -1: not expanded
  Harmonics harmonics_;
  int stride_, rank_;                 // of n; numbers per slot
  std::vector<double> value_, slope_; // radial functions of one neighbour
  std::vector<double> sums_;          // [slot][lm][stride]
  std::vector<double> strains_;       // [6][slot][lm][stride]
  std::vector<double> tensor_;        // (r_a dX/dr_b + r_b dX/dr_a) / 2, then r_a r_b X: [lm][6][lanes] each
  std::vector<double> theta_;         // [slot][lm][stride]
};

Expansion::Expansion(const Settings &settings, std::shared_ptr<const Table> table)
    : s_(settings), table_(std::move(table)), slot_(settings.nspecies, -1), harmonics_(settings.lmax),
      stride_(table_->stride()), rank_(harmonics_.size() * stride_), value_(table_->size()), slope_(table_->size()),
      sums_(rank_ * nslots()) {
  for (int k = 0; k < nslots(); ++k)
    slot_[s_.neighbors[k]] = k;
}

template <class Use> void Expansion::each_block(const Batch &batch, int begin, int end, Use use) const {
  Block block;
  const double cutsq = s_.rcut * s_.rcut;
  for (int i = begin; i < end; ++i)
    for (int p = batch.first[i]; p < batch.first[i + 1]; ++p) {
      const double *x = batch.r[p];
      const double rsq = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
      const int slot = slot_[batch.rtype[p]];
      if (slot < 0 || rsq >= cutsq)
        continue;
      const int k = block.n++;
      block.pair[k] = p;
      block.centre[k] = i;
      block.slot[k] = slot;
      block.rsq[k] = rsq;
      for (int c = 0; c < 3; ++c)
        block.r[c][k] = x[c];
      if (block.n == lanes) {
        use(block);
        block = Block();
      }
    }
  if (block.n > 0)
    use(block);
}

template <class Use> void Expansion::each_component(Use use) const {
  int k = 0;
  for (int a = 0; a < nslots(); ++a)
    for (int n = 0; n < s_.nmax; ++n)
      for (int lm = 0; lm < harmonics_.size(); ++lm)
        use(k++, a * rank_ + lm * stride_ + n);
}

// out += x f, four numbers at a time as the stride allows; the two never overlap.
inline void add_multiple(int n, double x, const double *__restrict f, double *__restrict out) {
  for (int k = 0; k < n; k += 4)
    for (int q = 0; q < 4; ++q)
      out[k + q] += x * f[k + q];
}

void Expansion::add_values(const Block &block) {
  for (int k = 0; k < block.n; ++k) {
    table_->evaluate(block.rsq[k], value_.data(), nullptr);
    double *sum = &sums_[block.slot[k] * rank_];
    for (int l = 0, lm = 0; l <= s_.lmax; ++l)
      for (const double *f = &value_[l * stride_]; lm < (l + 1) * (l + 1); ++lm, sum += stride_) {
        add_multiple(stride_, harmonics_.value(lm)[k], f, sum);
      }
  }
}

void Expansion::strained_harmonics(const Block &block) {
  double *half = tensor_.data(), *square = half + 6 * lanes * harmonics_.size();
  for (int lm = 0; lm < harmonics_.size(); ++lm)
    for (int c = 0; c < 6; ++c, half += lanes, square += lanes) {
      const double *ra = block.r[row[c]], *rb = block.r[column[c]], *x = harmonics_.value(lm);
      const double *da = harmonics_.gradient(row[c], lm), *db = harmonics_.gradient(column[c], lm);
      for (int k = 0; k < lanes; ++k) {
        half[k] = 0.5 * (ra[k] * db[k] + rb[k] * da[k]);
        square[k] = ra[k] * rb[k] * x[k];
      }
    }
}

void Expansion::add_strain(const Block &block) {
  strained_harmonics(block);
  const std::size_t component = sums_.size();
  for (int k = 0; k < block.n; ++k) {
    table_->evaluate(block.rsq[k], value_.data(), slope_.data());
    double *sum = &sums_[block.slot[k] * rank_], *strain = &strains_[block.slot[k] * rank_];
    const double *half = &tensor_[k], *square = half + 6 * lanes * harmonics_.size();
    for (int l = 0, lm = 0; l <= s_.lmax; ++l) {
      const double *f = &value_[l * stride_], *h = &slope_[l * stride_];
      for (; lm < (l + 1) * (l + 1); ++lm, sum += stride_, strain += stride_) {
        add_multiple(stride_, harmonics_.value(lm)[k], f, sum);
        for (int c = 0; c < 6; ++c, half += lanes, square += lanes) {
          const double w = *half, q = *square;
          double *out = strain + c * component;
          for (int n = 0; n < stride_; ++n)
            out[n] += w * f[n] + q * h[n];
        }
      }
    }
  }
}

void Expansion::accumulate(const Batch &batch, double *D, double *V) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  if (V) {
    strains_.assign(6 * sums_.size(), 0.0);
    tensor_.resize(12 * lanes * harmonics_.size());
  }
  each_block(batch, 0, batch.n, [&](const Block &block) {
    harmonics_.evaluate(block.r, V != nullptr);
    V ? add_strain(block) : add_values(block);
  });
  each_component([&](int k, int at) {
    D[k] += sums_[at];
    for (int c = 0; V && c < 6; ++c)
      V[6 * k + c] += strains_[c * sums_.size() + at];
  });
}

void Expansion::per_centre(const Batch &batch, double *B) {
  for (int i = 0; i < batch.n; ++i) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    each_block(batch, i, i + 1, [&](const Block &block) {
      harmonics_.evaluate(block.r, false);
      add_values(block);
    });
    double *b = B + static_cast<std::size_t>(i) * size();
    each_component([&](int k, int at) { b[k] = sums_[at]; });
  }
}

// With A_lm = sum_n theta_nlm F_nl and A'_lm = sum_n theta_nlm h_nl of a neighbour,
// dE/dr_b = r_b sum_lm A'_lm X_lm + sum_lm A_lm dX_lm/dr_b.
void Expansion::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  theta_.assign(sums_.size(), 0.0);
  each_component([&](int k, int at) { theta_[at] = theta[k]; });
  for (int p = batch.first[0]; p < batch.first[batch.n]; ++p)
    grad[p][0] = grad[p][1] = grad[p][2] = 0.0;
  if (energy)
    std::fill_n(energy, batch.n, 0.0);
  tensor_.resize(12 * lanes * harmonics_.size());
  double *a = tensor_.data(), *da = a + lanes * harmonics_.size(); // A and A', [lm][lanes]
  std::fill_n(a, 2 * lanes * harmonics_.size(), 0.0);
  each_block(batch, 0, batch.n, [&](const Block &block) {
    harmonics_.evaluate(block.r, true);
    for (int k = 0; k < block.n; ++k) {
      table_->evaluate(block.rsq[k], value_.data(), slope_.data());
      const double *t = &theta_[block.slot[k] * rank_];
      for (int l = 0, lm = 0; l <= s_.lmax; ++l)
        for (; lm < (l + 1) * (l + 1); ++lm, t += stride_) {
          const double *f = &value_[l * stride_], *h = &slope_[l * stride_];
          double sum[4] = {}, slope[4] = {}; // four at a time, as the stride allows
          for (int n = 0; n < stride_; n += 4)
            for (int q = 0; q < 4; ++q) {
              sum[q] += t[n + q] * f[n + q];
              slope[q] += t[n + q] * h[n + q];
            }
          a[lanes * lm + k] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
          da[lanes * lm + k] = (slope[0] + slope[1]) + (slope[2] + slope[3]);
        }
    }
    double e[lanes] = {}, radial[lanes] = {}, g[3][lanes] = {};
    for (int lm = 0; lm < harmonics_.size(); ++lm) {
      const double *x = harmonics_.value(lm), *A = a + lanes * lm, *dA = da + lanes * lm;
      for (int k = 0; k < lanes; ++k) {
        e[k] += A[k] * x[k];
        radial[k] += dA[k] * x[k];
      }
      for (int c = 0; c < 3; ++c) {
        const double *dx = harmonics_.gradient(c, lm);
        for (int k = 0; k < lanes; ++k)
          g[c][k] += A[k] * dx[k];
      }
    }
    for (int k = 0; k < block.n; ++k) {
      for (int c = 0; c < 3; ++c)
        grad[block.pair[k]][c] = g[c][k] + radial[k] * block.r[c][k];
      if (energy)
        energy[block.centre[k]] += e[k];
    }
  });
}

std::size_t Expansion::memory_usage() const {
  const std::size_t share = table_->memory_usage() / static_cast<std::size_t>(table_.use_count()); // of the clones
  return sizeof(*this) + share + harmonics_.memory_usage() + slot_.size() * sizeof(int) +
         sizeof(double) * (value_.size() + slope_.size() + sums_.size() + strains_.capacity() + tensor_.capacity() +
                           theta_.capacity());
}

// Harmonics take about 6 multiplications each and 10 more with their gradients; per radial function
// 6 for the value and 6 for the slope.
Operations Expansion::operations(Task task) const {
  const double lm = harmonics_.size(), nlm = s_.channels(), nl = (s_.lmax + 1.0) * s_.nmax;
  if (task == Task::value)
    return {0.0, 6.0 * nl + 6.0 * lm + nlm};
  if (task == Task::strain)
    return {0.0, 12.0 * nl + 16.0 * lm + 30.0 * lm + 13.0 * nlm};
  return {0.0, 12.0 * nl + 16.0 * lm + 5.0 * lm + 2.0 * nlm};
}

} // namespace

Family family() {
  const auto make = [](double rcut, Words &words, int nspecies) -> std::unique_ptr<Descriptor> {
    const Settings settings = read_settings(rcut, words, nspecies);
    return std::make_unique<Expansion>(settings, std::make_shared<const Table>(settings, name));
  };
  return {make, keywords};
}

} // namespace dbar::expansion
