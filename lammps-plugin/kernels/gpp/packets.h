// The potential between Gaussian packets: averages of pairs, the mean energy of an atom in its surroundings, and how
// that changes. Nothing here knows how atoms are stored.
#pragma once

#include "kernels/gpp/form.h"
#include "kernels/gpp/packet_table.h"

#include <memory>
#include <mutex>
#include <vector>

namespace dbar::gpp {

// What the neighbours of an atom add up to. e points from the atom to a neighbour.
struct Sums {
  double phi = 0.0;              // m: of the mean densities
  double spread = 0.0;           // of their variances, each by itself
  double slopes = 0.0;           // of g^2
  double G[3] = {0.0, 0.0, 0.0}; // of g e
};

// Which parts of <F> are left out, to see what they are worth.
struct Parts {
  bool mean_only = false;    // F(m)
  bool shared_centre = true; // s (|G|^2 - sum g^2): neighbours see one and the same central atom
};

// <F> of an atom and its derivatives by each sum and by the atom's own variance.
struct Embedded {
  double energy = 0.0, by_phi = 0.0, by_spread = 0.0, by_slopes = 0.0, by_G[3] = {0.0, 0.0, 0.0}, by_s = 0.0;
  // sqrt(3 v) / m. Above `widest` a density would lie below zero, and the energy means nothing.
  double width = 0.0;
};

// The variance v of the density is taken into account by three points, <F> = 2/3 F(m) + 1/6 F(m +- sqrt(3 v)), right up
// to the fifth moment of a Gaussian.
Embedded embed(const Embedding &F, const Sums &sums, double s, const Parts &parts = {});
constexpr double widest = 0.95;

// What a pair does to the atom in whose Sums it is: how its <F> changes with the vector to the neighbour and with the
// sum of both variances. f, fR, fS: the averages of the pair.
void change_by_pair(const Embedded &site, const Averages &f, const Averages &fR, const Averages &fS, double R,
                    const double *e, double *by_vector, double *by_S);
double change_by_S(const Embedded &site, const Averages &f, const Averages &fS, const double *e);

inline void add_pair(Sums &sums, const Averages &f, const double *e) {
  sums.phi += f[density];
  sums.spread += f[spread];
  sums.slopes += f[slope] * f[slope];
  for (int d = 0; d < 3; ++d)
    sums.G[d] += f[slope] * e[d];
}

// Chance that two packets are nearer to each other than the cutoff.
double chance_within(double cutoff, double R, double S);

class Packets {
public:
  // No variance above `most_variance`.
  Packets(Form form, double most_variance);

  const Form &form() const { return form_; }
  int size() const { return form_.size(); }
  double cutoff() const { return form_.cutoff(); } // of the potential
  double most_variance() const { return most_variance_; }
  // Distance of the means beyond which no pair counts, whatever its variances.
  double reach() const { return reach(form_.cutoff()); }
  double reach(int a, int b) const;
  const Embedding &embedding(int a) const { return *form_.embedding[a]; }
  // Of a neighbour b at an atom a; made when first asked for, by any thread.
  const PacketTable &table(int a, int b) const;
  double memory_usage() const;

private:
  double reach(double cutoff) const;

  Form form_;
  double most_variance_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<const PacketTable>> tables_; // [a * size + b], null until asked for
};

} // namespace dbar::gpp
