// What the registry says of its families, and the sums of the family zero; built by test_new_family.py.
#include "kernels/families.h"
#include "kernels/forces.h"

#include <cstdio>

int main() {
  for (const auto &[name, family] : dbar::families()) {
    std::printf("%s", name.c_str());
    for (const auto &each : family.keywords())
      std::printf(" %s", each.name.c_str());
    std::printf("\n");
  }
  const auto zero = dbar::make_descriptor("zero", 4.0, {"count", "2"}, 1);
  const int type[2] = {0, 0}, first[3] = {0, 1, 2}, rtype[2] = {0, 0}, atom[2] = {0, 1}, other[2] = {1, 0};
  const double r[2][3] = {{1.0, 2.0, 0.5}, {-1.0, -2.0, -0.5}}, theta[2] = {1.0, -1.0};
  const dbar::Batch batch = {2, type, first, r, rtype};
  double D[2] = {}, V[2][6] = {}, force[2][3] = {}, strain[6] = {}, energy = 0.0;
  zero->accumulate(batch, D, V[0]);
  dbar::add_forces(*zero, batch, atom, other, theta, force, strain, &energy);
  std::printf("D %g %g energy %g force %g\n", D[0], D[1], energy, force[0][0]);
}
