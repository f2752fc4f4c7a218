#include "kernels/forces.h"

#include <algorithm>

namespace dbar {

namespace {

// Apart from the scatter of forces, which most steps need alone.
void add_virials(const Batch &batch, const int *centre, const int *neighbour, const double (*g)[3],
                 double (*virial)[6]) {
  for (int i = 0; i < batch.n; ++i)
    for (int p = batch.first[i]; p < batch.first[i + 1]; ++p) {
      const double *r = batch.r[p];
      const double half[6] = {-0.5 * r[0] * g[p][0], -0.5 * r[1] * g[p][1], -0.5 * r[2] * g[p][2],
                              -0.5 * r[0] * g[p][1], -0.5 * r[0] * g[p][2], -0.5 * r[1] * g[p][2]};
      for (int c = 0; c < 6; ++c) {
        virial[centre[i]][c] += half[c];
        virial[neighbour[p]][c] += half[c];
      }
    }
}

} // namespace

void add_forces(Descriptor &descriptor, const Batch &batch, const int *centre, const int *neighbour,
                const double *theta, double (*force)[3], double *strain, double *energy, const AtomTally &tally) {
  // So few centres at a time that their gradients are still in the cache when they are scattered.
  constexpr int most = 64;
  int first[most + 1];
  double each[most];
  std::vector<double> memory;
  for (int begin = 0; begin < batch.n; begin += most) {
    const int n = std::min(most, batch.n - begin), offset = batch.first[begin];
    for (int i = 0; i <= n; ++i)
      first[i] = batch.first[begin + i] - offset;
    memory.resize(std::max<std::size_t>(memory.size(), 3 * static_cast<std::size_t>(first[n])));
    auto *g = reinterpret_cast<double (*)[3]>(memory.data());
    const double (*r)[3] = batch.r + offset;
    const Batch part = {n, batch.type + begin, first, r, batch.rtype + offset};
    descriptor.gradient(part, theta, g, each);
    double w[6] = {};
    for (int i = 0; i < n; ++i) {
      double on_centre[3] = {};
      for (int p = first[i]; p < first[i + 1]; ++p) {
        double *on_neighbour = force[neighbour[offset + p]];
        for (int c = 0; c < 3; ++c) {
          on_centre[c] += g[p][c];
          on_neighbour[c] -= g[p][c];
        }
        w[0] += r[p][0] * g[p][0];
        w[1] += r[p][1] * g[p][1];
        w[2] += r[p][2] * g[p][2];
        w[3] += 0.5 * (r[p][0] * g[p][1] + r[p][1] * g[p][0]);
        w[4] += 0.5 * (r[p][0] * g[p][2] + r[p][2] * g[p][0]);
        w[5] += 0.5 * (r[p][1] * g[p][2] + r[p][2] * g[p][1]);
      }
      for (int c = 0; c < 3; ++c)
        force[centre[begin + i]][c] += on_centre[c];
      *energy += each[i];
    }
    for (int c = 0; c < 6; ++c)
      strain[c] += w[c];
    if (tally.energy)
      for (int i = 0; i < n; ++i)
        tally.energy[centre[begin + i]] += each[i];
    if (tally.virial)
      add_virials(part, centre + begin, neighbour + offset, g, tally.virial);
  }
}

} // namespace dbar
