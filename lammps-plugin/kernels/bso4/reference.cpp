// The bispectrum as the equations say it: one centre, one neighbour, one element at a time. The
// vector kernels are tested against this.
#include "kernels/bso4/bispectrum.h"
#include "kernels/bso4/limits.h"
#include "kernels/bso4/wigner.h"

#include <algorithm>

namespace dbar::bso4 {

namespace {

class Reference : public Bispectrum {
public:
  explicit Reference(const Settings &settings);

  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  std::unique_ptr<Descriptor> clone() const override { return make_reference(s_); }
  std::size_t memory_usage() const override;
  const char *instruction_set() const override { return "reference"; }

private:
  // Calls use(index, r vector, unit vector, distance, radial part) for the neighbours inside.
  template <class Use> void each_neighbour(const Batch &batch, int i, Use use) const;
  void density(const Batch &batch, int i, bool strain);
  void couple(const Block &block, const double *cg);
  double contract(int j, const std::vector<Complex> &x) const; // Re <x_j, Z>

  std::vector<Block> blocks_;
  std::vector<std::vector<double>> cg_; // of each block, [m1][m2]
  Wigner wigner_;
  std::vector<Complex> u_, w_[6], y_, z_; // sums over neighbours; adjoint; one block of Z
};

Reference::Reference(const Settings &settings)
    : Bispectrum(settings), blocks_(blocks(list_)), wigner_(settings.twojmax) {
  for (const Block &b : blocks_) {
    std::vector<double> cg;
    for (int m1 = 0; m1 <= b.j1; ++m1)
      for (int m2 = 0; m2 <= b.j2; ++m2)
        cg.push_back(clebsch_gordan(b.j1, m1, b.j2, m2, b.t));
    cg_.push_back(cg);
  }
  const int n = offset(s_.twojmax + 1);
  u_.resize(n);
  y_.resize(n);
  for (auto &w : w_)
    w.resize(n);
  z_.resize((s_.twojmax + 1) * (s_.twojmax + 1));
}

template <class Use> void Reference::each_neighbour(const Batch &batch, int i, Use use) const {
  for (int p = batch.first[i]; p < batch.first[i + 1]; ++p) {
    const double *x = batch.r[p];
    const double rsq = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
    const double rcut = s_.cutoff(batch.type[i], batch.rtype[p]);
    if (rsq >= rcut * rcut || rsq <= nearest_squared * rcut * rcut)
      continue;
    const double r = std::sqrt(rsq);
    const double n[3] = {x[0] / r, x[1] / r, x[2] / r};
    use(p, x, n, r, radial(s_, r, rcut, s_.weight[batch.rtype[p]]));
  }
}

// U = 1 + sum_j f u(r_j) and, for the strain, W_ab = sum_j r_a d(f u)/dr_b.
void Reference::density(const Batch &batch, int i, bool strain) {
  static const int row[6] = {0, 1, 2, 0, 0, 1}, column[6] = {0, 1, 2, 1, 2, 2};
  const int size = offset(s_.twojmax + 1);
  std::fill(u_.begin(), u_.end(), Complex());
  for (int j = 0; j <= s_.twojmax; ++j)
    for (int m = 0; m <= j; ++m)
      u_[offset(j) + m * (j + 2)] = {1.0, 0.0};
  if (strain)
    for (auto &w : w_)
      std::fill(w.begin(), w.end(), Complex());
  each_neighbour(batch, i, [&](int, const double *x, const double *n, double r, const Radial &q) {
    const Rotation rot = rotation(q, n, r);
    wigner_.evaluate(rot);
    for (int e = 0; e < size; ++e)
      u_[e] += q.f * wigner_.u(e);
    if (!strain)
      return;
    wigner_.derivative(rot);
    for (int c = 0; c < 6; ++c) {
      const int a = row[c], b = column[c];
      for (int e = 0; e < size; ++e)
        w_[c][e] += x[a] * (q.df * n[b] * wigner_.u(e) + q.f * wigner_.du(b, e));
    }
  });
}

// Z(ma,mb) = sum C(ma1,ma2) C(mb1,mb2) U1(ma1,mb1) U2(ma2,mb2) on the half matrix of the target.
void Reference::couple(const Block &block, const double *cg) {
  const int j1 = block.j1, j2 = block.j2, t = block.t;
  const int shift = (j1 + j2 - t) / 2; // m1 + m2 = m + shift
  const Complex *u1 = &u_[offset(j1)], *u2 = &u_[offset(j2)];
  for (int mb = 0; 2 * mb <= t; ++mb)
    for (int ma = 0; ma <= t; ++ma) {
      Complex z;
      for (int mb1 = std::max(0, mb + shift - j2); mb1 <= std::min(j1, mb + shift); ++mb1) {
        const int mb2 = mb + shift - mb1;
        Complex row;
        for (int ma1 = std::max(0, ma + shift - j2); ma1 <= std::min(j1, ma + shift); ++ma1) {
          const int ma2 = ma + shift - ma1;
          row += cg[ma1 * (j2 + 1) + ma2] * (u1[mb1 * (j1 + 1) + ma1] * u2[mb2 * (j2 + 1) + ma2]);
        }
        z += cg[mb1 * (j2 + 1) + mb2] * row;
      }
      z_[mb * (t + 1) + ma] = z;
    }
}

double Reference::contract(int j, const std::vector<Complex> &x) const {
  double sum = 0.0;
  for (int mb = 0; 2 * mb <= j; ++mb)
    for (int ma = 0; ma <= j; ++ma) {
      const int e = mb * (j + 1) + ma;
      sum += half_weight(j, ma, mb) * real_product(x[offset(j) + e], z_[e]);
    }
  return sum;
}

void Reference::accumulate(const Batch &batch, double *D, double *V) {
  for (int i = 0; i < batch.n; ++i) {
    density(batch, i, V != nullptr);
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const Block &b = blocks_[k];
      if (!b.value && !V)
        continue;
      couple(b, cg_[k].data());
      if (b.value)
        D[b.component] += b.norm * contract(b.t, u_) - isolated(b.component);
      for (int c = 0; V && c < 6; ++c)
        V[6 * b.component + c] += b.factor * contract(b.t, w_[c]);
    }
  }
}

void Reference::per_centre(const Batch &batch, double *B) {
  std::fill(B, B + static_cast<std::size_t>(batch.n) * size(), 0.0);
  for (int i = 0; i < batch.n; ++i) {
    const Batch one = {1, batch.type + i, batch.first + i, batch.r, batch.rtype};
    accumulate(one, B + static_cast<std::size_t>(i) * size(), nullptr);
  }
}

// dE = <Y, dU> with the adjoint Y_t = sum over blocks of theta factor Z(.. -> t).
void Reference::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  for (int p = batch.first[0]; p < batch.first[batch.n]; ++p)
    for (int c = 0; c < 3; ++c)
      grad[p][c] = 0.0;
  for (int i = 0; i < batch.n; ++i) {
    density(batch, i, false);
    std::fill(y_.begin(), y_.end(), Complex());
    double sum = 0.0;
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const Block &b = blocks_[k];
      couple(b, cg_[k].data());
      if (b.value)
        sum += theta[b.component] * (b.norm * contract(b.t, u_) - isolated(b.component));
      for (int mb = 0; 2 * mb <= b.t; ++mb)
        for (int ma = 0; ma <= b.t; ++ma) {
          const int e = mb * (b.t + 1) + ma;
          y_[offset(b.t) + e] += theta[b.component] * b.factor * half_weight(b.t, ma, mb) * z_[e];
        }
    }
    if (energy)
      energy[i] = sum;
    each_neighbour(batch, i, [&](int p, const double *, const double *n, double r, const Radial &q) {
      const Rotation rot = rotation(q, n, r);
      wigner_.evaluate(rot);
      wigner_.derivative(rot);
      for (int c = 0; c < 3; ++c)
        for (int e = 0; e < offset(s_.twojmax + 1); ++e)
          grad[p][c] += real_product(y_[e], q.df * n[c] * wigner_.u(e) + q.f * wigner_.du(c, e));
    });
  }
}

std::size_t Reference::memory_usage() const {
  std::size_t bytes = sizeof(*this) + sizeof(Complex) * (12 * u_.size() + z_.size());
  for (const auto &cg : cg_)
    bytes += sizeof(double) * cg.size();
  return bytes + blocks_.size() * sizeof(Block) + list_.size() * sizeof(Component);
}

} // namespace

std::unique_ptr<Descriptor> make_reference(const Settings &settings) {
  return std::make_unique<Reference>(settings);
}

} // namespace dbar::bso4
