// What the registry says of its families, and the sums of the family zero; built by test_new_family.py.
#include "kernels/families.h"
#include "kernels/forces.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

// Of B, V and the gradient of theta.B the largest difference of norms and soap, over the largest number.
void norms_and_soap() {
  const std::vector<std::string> words = {"nmax", "3", "lmax", "2"};
  const auto norms = dbar::make_descriptor("norms", 5.0, words, 1), soap = dbar::make_descriptor("soap", 5.0, words, 1);
  constexpr int lmax = 2, n = 3, count = 9;
  std::mt19937 random(1);
  std::uniform_real_distribution<double> x(-2.5, 2.5);
  const int type[1] = {0}, first[2] = {0, count}, rtype[count] = {};
  double r[count][3];
  for (auto &each : r)
    for (double &c : each)
      c = x(random);
  const dbar::Batch batch = {1, type, first, r, rtype};
  const int K = norms->size(), all = soap->size();
  std::vector<double> B(K), V(6 * K), full(all), V_full(6 * all), theta(K), theta_full(all, 0.0);
  double grad[2][count][3], off[3] = {}, most[3] = {};
  norms->accumulate(batch, B.data(), V.data());
  soap->accumulate(batch, full.data(), V_full.data());
  const auto compare = [&](int what, double a, double b) {
    off[what] = std::max(off[what], std::abs(a - b));
    most[what] = std::max(most[what], std::abs(b));
  };
  for (int q = 0; q < n; ++q)
    for (int l = 0; l <= lmax; ++l) {
      const int k = q * (lmax + 1) + l, of_soap = (q * n - q * (q - 1) / 2) * (lmax + 1) + l; // the pair q, q
      const double norm = std::sqrt(2.0 * l + 1.0);
      compare(0, B[k], norm * full[of_soap]);
      for (int c = 0; c < 6; ++c)
        compare(1, V[6 * k + c], norm * V_full[6 * of_soap + c]);
      theta[k] = x(random);
      theta_full[of_soap] = norm * theta[k];
    }
  norms->gradient(batch, theta.data(), grad[0]);
  soap->gradient(batch, theta_full.data(), grad[1]);
  for (int p = 0; p < count; ++p)
    for (int c = 0; c < 3; ++c)
      compare(2, grad[0][p][c], grad[1][p][c]);
  std::printf("norms %g %g %g\n", off[0] / most[0], off[1] / most[1], off[2] / most[2]);
}

int main() {
  for (const auto &[name, family] : dbar::families()) {
    std::printf("%s", name.c_str());
    for (const auto &each : family.keywords())
      std::printf(" %s", each.name.c_str());
    std::printf("\n");
  }
  norms_and_soap();
  const auto zero = dbar::make_descriptor("zero", 4.0, {"count", "2"}, 1);
  const int type[2] = {0, 0}, first[3] = {0, 1, 2}, rtype[2] = {0, 0}, atom[2] = {0, 1}, other[2] = {1, 0};
  const double r[2][3] = {{1.0, 2.0, 0.5}, {-1.0, -2.0, -0.5}}, theta[2] = {1.0, -1.0};
  const dbar::Batch batch = {2, type, first, r, rtype};
  double D[2] = {}, V[2][6] = {}, force[2][3] = {}, strain[6] = {}, energy = 0.0;
  zero->accumulate(batch, D, V[0]);
  dbar::add_forces(*zero, batch, atom, other, theta, force, strain, &energy);
  std::printf("D %g %g energy %g force %g\n", D[0], D[1], energy, force[0][0]);
}
