// The angular Fourier series: pairs of neighbours at like distances, by the multiples of the angle between them.
#include "kernels/afs/radial.h"
#include "kernels/afs/series.h"
#include "kernels/afs/settings.h"
#include "kernels/density/kernel.h"
#include "kernels/density/selection.h"
#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::afs {

namespace {

std::vector<std::string> labels_of(const Settings &s) {
  std::vector<std::string> all;
  for (int n = 1; n <= s.nmax; ++n)
    for (int l = 0; l <= s.lmax; ++l)
      all.push_back("n" + std::to_string(n) + ",l" + std::to_string(l));
  return all;
}

constexpr double accuracy = 1e-11; // of the splines

density::Neighbours all_as_one(const Settings &s, int lmax) {
  density::Neighbours n;
  n.rcut = s.rcut;
  n.lmax = lmax;
  n.nspecies = s.nspecies;
  n.together = s.weight;
  return n;
}

// All pairs, those of a neighbour with itself too.
class Pairs : public density::Kernel {
public:
  Pairs(const Settings &settings, std::shared_ptr<const density::Tables> tables,
        std::shared_ptr<const density::Contraction> series)
      : Kernel(std::move(tables), std::move(series)), s_(settings) {}

  std::vector<std::string> labels() const override { return labels_of(s_); }
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Pairs>(s_, tables_, contraction_); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  Settings s_;
};

std::unique_ptr<Descriptor> make_pairs(const Settings &s) {
  const RadialFunctions functions(s.nmax, s.rcut, s.loewdin, s.switching, false);
  return std::make_unique<Pairs>(
      s, std::make_shared<const density::Tables>(all_as_one(s, s.lmax), functions, accuracy, name),
      std::make_shared<const FourierSeries>(s.nmax, s.lmax));
}

// What each neighbour makes with itself: sum over neighbours of the squares of the functions, for each n.
std::unique_ptr<Descriptor> make_squares(const Settings &s) {
  density::Neighbours around = all_as_one(s, 0);
  for (double &w : around.together)
    w *= w;
  const RadialFunctions functions(s.nmax, s.rcut, s.loewdin, s.switching, true);
  const auto tables = std::make_shared<const density::Tables>(around, functions, accuracy, name);
  std::vector<int> scalars;
  for (int n = 0; n < s.nmax; ++n)
    scalars.push_back(tables->place(n, 0, 0));
  return std::make_unique<Pairs>(s, tables,
                                 std::make_shared<const density::Selection>(scalars, tables->coefficients()));
}

// Each pair of different neighbours once: half of all pairs without those of a neighbour with itself.
class DifferentPairs : public Descriptor {
public:
  DifferentPairs(const Settings &settings, std::unique_ptr<Descriptor> pairs, std::unique_ptr<Descriptor> squares)
      : s_(settings), pairs_(std::move(pairs)), squares_(std::move(squares)) {}

  int size() const override { return pairs_->size(); }
  std::vector<std::string> labels() const override { return labels_of(s_); }
  int nspecies() const override { return s_.nspecies; }
  double cutoff() const override { return s_.rcut; }
  double cutoff(int, int) const override { return s_.rcut; }
  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  void gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) override;
  std::unique_ptr<Descriptor> clone() const override {
    return std::make_unique<DifferentPairs>(s_, pairs_->clone(), squares_->clone());
  }
  std::size_t memory_usage() const override { return pairs_->memory_usage() + squares_->memory_usage(); }
  Operations operations(Task task) const override;
  const char *instruction_set() const override { return pairs_->instruction_set(); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  // cos(0) = 1 for all l: the squares of n are in all components of n. Subtracts them, [n][step], and halves.
  void subtract(const double *squares, int step, double *all) const;
  // dE/d squares of dE/d components.
  void fold(const double *theta, double *squares) const;

  Settings s_;
  std::unique_ptr<Descriptor> pairs_, squares_;
};

// The harmonic of l = 0 is in the sum of squares.
const double of_scalar = std::sqrt(4.0 * pi);

void DifferentPairs::subtract(const double *squares, int step, double *all) const {
  for (int n = 0; n < s_.nmax; ++n)
    for (int l = 0; l <= s_.lmax; ++l)
      for (int c = 0; c < step; ++c) {
        double &x = all[(n * (s_.lmax + 1) + l) * step + c];
        x = 0.5 * (x - of_scalar * squares[n * step + c]);
      }
}

void DifferentPairs::fold(const double *theta, double *squares) const {
  for (int n = 0; n < s_.nmax; ++n) {
    squares[n] = 0.0;
    for (int l = 0; l <= s_.lmax; ++l)
      squares[n] += of_scalar * theta[n * (s_.lmax + 1) + l];
  }
}

void DifferentPairs::accumulate(const Batch &batch, double *D, double *V) {
  std::vector<double> d(size(), 0.0), v(V ? 6 * size() : 0, 0.0), s(s_.nmax, 0.0), sv(V ? 6 * s_.nmax : 0, 0.0);
  pairs_->accumulate(batch, d.data(), V ? v.data() : nullptr);
  squares_->accumulate(batch, s.data(), V ? sv.data() : nullptr);
  subtract(s.data(), 1, d.data());
  for (int k = 0; k < size(); ++k)
    D[k] += d[k];
  if (!V)
    return;
  subtract(sv.data(), 6, v.data());
  for (int k = 0; k < 6 * size(); ++k)
    V[k] += v[k];
}

void DifferentPairs::per_centre(const Batch &batch, double *B) {
  std::vector<double> s(static_cast<std::size_t>(batch.n) * s_.nmax);
  pairs_->per_centre(batch, B);
  squares_->per_centre(batch, s.data());
  for (int i = 0; i < batch.n; ++i)
    subtract(&s[static_cast<std::size_t>(i) * s_.nmax], 1, B + static_cast<std::size_t>(i) * size());
}

void DifferentPairs::gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) {
  std::vector<double> folded(s_.nmax), less(energy ? batch.n : 0), other(3 * (batch.first[batch.n] + 1));
  fold(theta, folded.data());
  auto *g = reinterpret_cast<double (*)[3]>(other.data());
  pairs_->gradient(batch, theta, grad, energy);
  squares_->gradient(batch, folded.data(), g, energy ? less.data() : nullptr);
  for (int p = batch.first[0]; p < batch.first[batch.n]; ++p)
    for (int c = 0; c < 3; ++c)
      grad[p][c] = 0.5 * (grad[p][c] - g[p][c]);
  for (int i = 0; energy && i < batch.n; ++i)
    energy[i] = 0.5 * (energy[i] - less[i]);
}

void DifferentPairs::gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) {
  const std::size_t K = size();
  std::vector<double> B(batch.n * K), theta(batch.n * K), other(3 * (batch.first[batch.n] + 1));
  std::vector<int> centre(batch.n);
  for (int i = 0; i < batch.n; ++i)
    centre[i] = i;
  per_centre(batch, B.data());
  if (batch.n > 0)
    theta_of(batch.n, centre.data(), B.data(), theta.data());
  const auto of_pairs = [&](int count, const int *which, const double *, double *out) {
    for (int k = 0; k < count; ++k)
      std::copy_n(&theta[which[k] * K], K, out + k * K);
  };
  const auto of_squares = [&](int count, const int *which, const double *, double *out) {
    for (int k = 0; k < count; ++k)
      fold(&theta[which[k] * K], out + k * s_.nmax);
  };
  auto *g = reinterpret_cast<double (*)[3]>(other.data());
  pairs_->gradient_of_each(batch, of_pairs, grad);
  squares_->gradient_of_each(batch, of_squares, g);
  for (int p = batch.first[0]; p < batch.first[batch.n]; ++p)
    for (int c = 0; c < 3; ++c)
      grad[p][c] = 0.5 * (grad[p][c] - g[p][c]);
}

Operations DifferentPairs::operations(Task task) const {
  const Operations a = pairs_->operations(task), b = squares_->operations(task);
  return {a.per_centre + b.per_centre, a.per_neighbour + b.per_neighbour};
}

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  const Settings s = read_settings(rcut, words, nspecies);
  if (s.selfpairs)
    return make_pairs(s);
  return std::make_unique<DifferentPairs>(s, make_pairs(s), make_squares(s));
}

} // namespace

Family family() {
  return {make, keywords};
}

} // namespace dbar::afs
