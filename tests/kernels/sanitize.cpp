// Runs the kernels on arrays that end where their data end, for batches of every length up to 17.
// Built with address and undefined-behaviour sanitizers by test_sanitizers.py.
#include "families.h"
#include "forces.h"

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

} // namespace

int main() {
  std::mt19937 random(7);
  double total = 0.0;
  for (const char *twojmax : {"0", "1", "4", "9"})
    for (const char *diagonal : {"yes", "no"}) {
      const auto kernel =
          dbar::make_descriptor("bso4", 4.5, {"twojmax", twojmax, "diagonal", diagonal, "weight", "1", "0.6"}, 2);
      const std::size_t K = static_cast<std::size_t>(kernel->size());
      const std::vector<double> theta(K, 0.5);
      for (int n = 0; n <= 17; ++n) {
        const Arrays a = make(n, random);
        const dbar::Batch batch = {n, a.type.data(), a.first.data(), reinterpret_cast<const double (*)[3]>(a.r.data()),
                                   a.rtype.data()};
        std::vector<double> D(K), V(6 * K), B(n * K), energy(n), grad(a.r.size());
        kernel->accumulate(batch, D.data(), V.data());
        kernel->accumulate(batch, D.data(), nullptr);
        kernel->per_centre(batch, B.data());
        kernel->clone()->gradient(batch, theta.data(), reinterpret_cast<double (*)[3]>(grad.data()), energy.data());
        std::vector<int> centre(n), neighbour(a.rtype.size());
        for (int i = 0; i < n; ++i)
          centre[i] = i;
        for (std::size_t p = 0; p < neighbour.size(); ++p)
          neighbour[p] = static_cast<int>(p) % n;
        std::vector<double> force(3 * n);
        double strain[6] = {}, sum = 0.0;
        dbar::add_forces(*kernel, batch, centre.data(), neighbour.data(), theta.data(),
                         reinterpret_cast<double (*)[3]>(force.data()), strain, &sum);
        total += D[0] + sum;
      }
    }
  std::printf("%s %g\n", dbar::active_isa(), total);
}
