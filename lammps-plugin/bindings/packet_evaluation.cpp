#include "bindings/packet_evaluation.h"

#include "kernels/words.h"

#include <cmath>
#include <string>
#include <vector>

namespace dbar::gpp {

namespace {

struct Place { // of a pair
  Place(const Task &task, std::ptrdiff_t p) : S(task.variance[task.i[p]] + task.variance[task.j[p]]) {
    const double *r = task.vector[p];
    R = distance(r);
    for (int d = 0; d < 3; ++d)
      e[d] = r[d] / R;
  }
  double R, S, e[3];
};

// Calls use(pair, place, f, fR, fS) for the pairs that are seen, some at a time: those of one table together.
template <class Use> void for_each_pair(const Task &task, bool derivatives, Use use) {
  constexpr int most = 256;
  const Packets &packets = task.packets;
  const int elements = packets.size();
  std::vector<Place> places;
  std::vector<std::ptrdiff_t> which;
  std::vector<double> R(most), S(most), averages_of[3];
  for (auto &some : averages_of)
    some.resize(most * averages);
  Averages *f[3];
  for (int k = 0; k < 3; ++k)
    f[k] = k == 0 || derivatives ? reinterpret_cast<Averages *>(averages_of[k].data()) : nullptr;
  for (int a = 0; a < elements; ++a)
    for (int b = 0; b < elements; ++b)
      for (std::ptrdiff_t next = 0; next < task.pairs;) {
        places.clear();
        which.clear();
        for (; next < task.pairs && static_cast<int>(places.size()) < most; ++next) {
          if (task.type[task.i[next]] != a || task.type[task.j[next]] != b)
            continue;
          const Place at(task, next);
          if (!packets.table(a, b).sees(at.R, at.S))
            continue;
          R[places.size()] = at.R;
          S[places.size()] = at.S;
          places.push_back(at);
          which.push_back(next);
        }
        const int n = static_cast<int>(places.size());
        if (n > 0)
          packets.table(a, b).averages_at(n, R.data(), S.data(), f[0], f[1], f[2]);
        for (int k = 0; k < n; ++k)
          use(which[k], places[k], f[0] + k, derivatives ? f[1] + k : nullptr, derivatives ? f[2] + k : nullptr);
      }
}

void embed_all(const Task &task, const std::vector<Sums> &sums, std::vector<Embedded> &sites) {
  for (std::ptrdiff_t a = 0; a < task.atoms; ++a) {
    sites[a] = embed(task.packets.embedding(task.type[a]), sums[a], task.variance[a], task.parts);
    if (sums[a].phi > 0.0 && sites[a].width > widest)
      throw BadSetting("atom " + std::to_string(a) +
                       ": found a density that scatters by sqrt(3 v) = " + number_text(sites[a].width) +
                       " of its mean, expected at most " + number_text(widest) + ": its packets are too wide");
  }
}

} // namespace

double distance(const double *r) {
  return std::sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
}

void evaluate(const Task &task, const Result &to) {
  std::vector<Sums> sums(task.atoms);
  std::vector<Embedded> sites(task.atoms);
  for_each_pair(task, false,
                [&](std::ptrdiff_t p, const Place &at, const Averages *f, const Averages *, const Averages *) {
                  add_pair(sums[task.i[p]], *f, at.e);
                });
  embed_all(task, sums, sites);
  for (std::ptrdiff_t a = 0; a < task.atoms; ++a) {
    to.energy[a] = sites[a].energy;
    to.by_s[a] = sites[a].by_s;
  }
  for_each_pair(task, true,
                [&](std::ptrdiff_t p, const Place &at, const Averages *f, const Averages *fR, const Averages *fS) {
                  const int i = task.i[p], j = task.j[p];
                  double by_vector[3], by_S = change_by_S(sites[i], *f, *fS, at.e);
                  change_by_vector(sites[i], *f, *fR, at.R, at.e, by_vector);
                  to.energy[i] += 0.5 * (*f)[energy];
                  by_S += 0.5 * (*fS)[energy];
                  to.by_s[i] += by_S;
                  to.by_s[j] += by_S;
                  for (int d = 0; d < 3; ++d) {
                    const double change = by_vector[d] + 0.5 * (*fR)[energy] * at.e[d];
                    to.force[i][d] += change;
                    to.force[j][d] -= change;
                    for (int c = 0; c < 3; ++c)
                      to.virial[c][d] -= at.R * at.e[c] * change;
                  }
                });
}

} // namespace dbar::gpp
