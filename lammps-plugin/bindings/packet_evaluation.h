// Energies of atoms between packets and their derivatives, from lists of atoms and pairs.
#pragma once

#include "kernels/gpp/packets.h"

#include <cstddef>

namespace dbar::gpp {

// Atoms, and pairs in the order that they came in; a pair adds to the energy of its first atom.
struct Task {
  const Packets &packets;
  std::ptrdiff_t atoms, pairs;
  const int *type, *i, *j;
  const double (*vector)[3];
  const double *variance;
  Parts parts;
};

struct Result {
  double *energy, (*force)[3], (*virial)[3], *by_s;
};

// Adds to zeros. The numbers of a Task must be those of atoms and elements, distances above 0, variances up to the
// largest. Throws BadSetting if a density scatters too much.
void evaluate(const Task &task, const Result &to);
double distance(const double *vector);

} // namespace dbar::gpp
