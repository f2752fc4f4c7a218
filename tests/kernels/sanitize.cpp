// Runs the kernels on arrays that end where their data end, for batches of every length up to 17.
// Built with address and undefined-behaviour sanitizers by test_sanitizers.py.
#include "kernels/density/optimal.h"
#include "kernels/families.h"
#include "kernels/forces.h"
#include "kernels/gpp/packets.h"
#include "kernels/isa/isa.h"

#include <cmath>
#include <cstdio>
#include <random>

namespace {

struct Arrays {
  std::vector<int> type, first{0}, rtype;
  std::vector<double> r;
};

Arrays make(int n, std::mt19937 &random) {
  std::uniform_real_distribution<double> x(-3.4, 3.4);
  Arrays a;
  for (int i = 0; i < n; ++i) {
    a.type.push_back(static_cast<int>(random() % 2));
    const int count = static_cast<int>(random() % 25);
    for (int j = 0; j < count; ++j) {
      for (int c = 0; c < 3; ++c)
        a.r.push_back(x(random));
      a.rtype.push_back(static_cast<int>(random() % 2));
    }
    a.first.push_back(static_cast<int>(a.rtype.size()));
  }
  // Exact capacity, so that the sanitizer sees a read of one element past the end.
  a.type.shrink_to_fit();
  a.first.shrink_to_fit();
  a.rtype.shrink_to_fit();
  a.r.shrink_to_fit();
  return a;
}

// Every function of a descriptor for batches of every length; a sum that depends on all.
double exercise(dbar::Descriptor &kernel, std::mt19937 &random) {
  double total = 0.0;
  const std::size_t K = static_cast<std::size_t>(kernel.size());
  const std::vector<double> theta(K, 0.5);
  for (int n = 0; n <= 17; ++n) {
    const Arrays a = make(n, random);
    const dbar::Batch batch = {n, a.type.data(), a.first.data(), reinterpret_cast<const double (*)[3]>(a.r.data()),
                               a.rtype.data()};
    std::vector<double> D(K), V(6 * K), B(n * K), energy(n), grad(a.r.size());
    kernel.accumulate(batch, D.data(), V.data());
    kernel.accumulate(batch, D.data(), nullptr);
    kernel.per_centre(batch, B.data());
    kernel.clone()->gradient(batch, theta.data(), reinterpret_cast<double (*)[3]>(grad.data()), energy.data());
    const auto theta_of = [&](int count, const int *, const double *b, double *t) {
      for (std::size_t k = 0; k < count * K; ++k)
        t[k] = 0.1 * b[k];
    };
    kernel.gradient_of_each(batch, theta_of, reinterpret_cast<double (*)[3]>(grad.data()));
    std::vector<int> centre(n), neighbour(a.rtype.size());
    for (int i = 0; i < n; ++i)
      centre[i] = i;
    for (std::size_t p = 0; p < neighbour.size(); ++p)
      neighbour[p] = static_cast<int>(p) % n;
    std::vector<double> force(3 * n);
    double strain[6] = {}, sum = 0.0;
    std::vector<double> virial(6 * n);
    dbar::add_forces(kernel, batch, centre.data(), neighbour.data(), theta.data(),
                     reinterpret_cast<double (*)[3]>(force.data()), strain, &sum,
                     {energy.data(), reinterpret_cast<double (*)[6]>(virial.data())});
    total += D[0] + sum;
  }
  return total;
}

// Neighbours on the centre and next to it: division by zero and overflow would show here.
double at_the_centre(dbar::Descriptor &kernel) {
  const int type = 0, first[2] = {0, 4}, rtype[4] = {0, 1, 0, 1};
  const double r[4][3] = {{0.0, 0.0, 0.0}, {1e-12, 0.0, 0.0}, {0.0, -1e-200, 0.0}, {0.0, 0.0, 1e-320}};
  const dbar::Batch batch = {1, &type, first, r, rtype};
  const std::size_t K = static_cast<std::size_t>(kernel.size());
  std::vector<double> D(K), V(6 * K);
  const std::vector<double> theta(K, 0.5);
  double grad[4][3], energy, total = 0.0;
  kernel.accumulate(batch, D.data(), V.data());
  kernel.gradient(batch, theta.data(), grad, &energy);
  for (double x : D)
    total += x;
  for (double x : V)
    total += x;
  for (const auto &g : grad)
    total += g[0] + g[1] + g[2];
  return total + energy;
}

// Averages over packets at the ends of their tables, for every number of places up to 17.
double packets(std::mt19937 &random) {
  using namespace dbar::gpp;
  const auto curve = std::make_shared<const Polynomial>(std::vector<double>{0.0, 0.0, 1.0, 0.5}, 3.0, 3.0);
  Form form{{"X"}, {1.0}, Kind::plain, {curve}, {curve}, {std::make_shared<const RootEmbedding>(1.0)}};
  const double most = 0.02;
  const Packets potential(form, most);
  const PacketTable &table = potential.table(0, 0);
  double total = 0.0;
  for (int n = 0; n <= 17; ++n) {
    std::vector<double> R(n), S(n), f(averages * n), fR(f), fS(f);
    Sums sums;
    for (int p = 0; p < n; ++p) {
      S[p] = p % 3 == 0 ? 0.0 : p % 3 == 1 ? 2.0 * most : 1e-3 * static_cast<double>(random() % 20);
      R[p] = p % 4 == 0 ? 1e-5 : (1.0 - 1e-12) * table.reach(S[p]);
    }
    table.averages_at(n, R.data(), S.data(), reinterpret_cast<Averages *>(f.data()),
                      reinterpret_cast<Averages *>(fR.data()), reinterpret_cast<Averages *>(fS.data()));
    table.averages_at(n, R.data(), S.data(), reinterpret_cast<Averages *>(f.data()), nullptr, nullptr);
    const double e[3] = {1.0, 0.0, 0.0};
    for (int p = 0; p < n; ++p)
      add_pair(sums, reinterpret_cast<Averages *>(f.data())[p], e);
    total += embed(potential.embedding(0), sums, most).energy;
  }
  return total;
}

} // namespace

int main() {
  std::mt19937 random(7);
  double total = packets(random);
  for (const char *twojmax : {"0", "1", "4", "9"})
    for (const char *diagonal : {"yes", "no"})
      total += exercise(
          *dbar::make_descriptor("bso4", 4.5, {"twojmax", twojmax, "diagonal", diagonal, "weight", "1", "0.6"}, 2),
          random);
  for (const char *nmax : {"1", "4", "7"})
    for (const char *lmax : {"0", "1", "5"})
      for (const char *neighbors : {"1", "2"}) {
        const auto kernel = dbar::make_descriptor(
            "expansion", 4.5, {"nmax", nmax, "lmax", lmax, "width", "4.5", "accuracy", "1e-6", "neighbors", neighbors},
            2);
        total += exercise(*kernel, random) + at_the_centre(*kernel);
      }
  total += exercise(*dbar::make_descriptor("expansion", 4.5, {}, 2), random);
  for (const char *order : {"1", "2", "3"})
    for (const char *nmax : {"1", "3", "5"})
      for (const char *centre : {"0", "1"}) {
        const auto kernel = dbar::make_descriptor("soap", 4.5,
                                                  {"order", order, "nmax", nmax, "center", centre, "scale", "1", "2",
                                                   "3", "width", "4.5", "accuracy", "1e-6"},
                                                  2);
        total += exercise(*kernel, random) + at_the_centre(*kernel);
      }
  for (const char *order : {"1", "2", "3"})
    for (const bool mixed : {false, true})
      for (const bool each : {false, true}) {
        dbar::density::OptimalBasis::Content content;
        content.rcut = 4.5, content.sigma = 0.5, content.nmax = 4, content.lmax = 2, content.qmax = 3;
        content.species = 2, content.mixed = mixed, content.each = each;
        content.matrices.assign(content.numbers(), 0.25);
        const std::string basis = dbar::density::OptimalBasis(content).word();
        for (const char *select : {"none", "1", "2;3"}) {
          const auto kernel =
              dbar::make_descriptor("soap", 4.5, {"order", order, "basis", basis, "center", "1", "select", select}, 2);
          total += exercise(*kernel, random) + at_the_centre(*kernel);
        }
      }
  for (const char *self : {"yes", "no"})
    for (const char *nmax : {"1", "4", "9"}) {
      const auto kernel =
          dbar::make_descriptor("afs", 4.5, {"nmax", nmax, "lmax", "5", "selfpairs", self, "weight", "1", "2"}, 2);
      total += exercise(*kernel, random) + at_the_centre(*kernel);
    }
  for (const char *zeta : {"1", "4", "1.5"}) {
    const auto kernel = dbar::make_descriptor("acsf", 4.5, {"grid", "3", "zeta", zeta}, 2);
    total += exercise(*kernel, random) + at_the_centre(*kernel);
  }
  std::printf("%s %g\n", dbar::active_isa(), total);
  return std::isfinite(total) ? 0 : 1;
}
