// What a family of descriptors offers to the LAMMPS styles and to Python.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dbar {

// Central atoms and their neighbours. The neighbours of centre i are [first[i], first[i + 1]);
// they may include atoms beyond the pair's cutoff, which the kernel passes over.
struct Batch {
  int n;                // number of centres
  const int *type;      // [n] species of the centre, from 0
  const int *first;     // [n + 1]
  const double (*r)[3]; // [first[n]] r_j - r_i
  const int *rtype;     // [first[n]] species of the neighbour, from 0
};

// Zeros, which neighbours beyond the cutoff keep.
void clear(const Batch &batch, double (*grad)[3]);

// What is computed, and how many multiplications with their additions (one if fused) that takes;
// zeros where nobody has counted.
enum class Task { value, strain, gradient };
struct Operations {
  double per_centre = 0.0, per_neighbour = 0.0;
};

// Splines in the place of functions of a distance: how many knots, and the errors of values at the middles between
// knots, where they are largest. Relative: to the largest value of each function. All zero: there are none.
struct SplineErrors {
  int knots = 0;
  double largest = 0.0, mean = 0.0, largest_relative = 0.0, mean_relative = 0.0;
};

// A sum over centres of functions of their neighbourhoods: D_k = sum_i B_k(i), k < size(). The functions
// are invariant under rotation, or, if the family says so, equivariant (they turn as Y_lm do).
// An object owns its scratch memory: use one per thread.
class Descriptor {
public:
  virtual ~Descriptor() = default;

  virtual int size() const = 0;
  virtual std::vector<std::string> labels() const = 0; // [size()] for tables and plots
  virtual int nspecies() const = 0;
  virtual double cutoff() const = 0;               // the largest over pairs of species
  virtual double cutoff(int ti, int tj) const = 0; // neighbours count where r < cutoff

  // Adds the batch's sums to D[size()] and, unless V is null, to V[size()][6]:
  // the derivative by a symmetric strain, V_ab = sum_ij (r_a dB/dr_b + r_b dB/dr_a) / 2, in the order
  // xx yy zz xy xz yz. For invariant B the two terms are equal; for equivariant ones they differ by the
  // derivative with respect to a rotation, which no virial needs.
  virtual void accumulate(const Batch &batch, double *D, double *V) = 0;

  // Writes B[n][size()].
  virtual void per_centre(const Batch &batch, double *B) = 0;

  // For E = sum_i sum_k theta_k B_k(i) writes grad[first[n]] = dE/dr_ij of every neighbour (zero
  // beyond the cutoff) and, unless energy is null, energy[n] = sum_k theta_k B_k(i).
  virtual void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy = nullptr) = 0;

  // The gradient of E = sum_i e_i(B(i)) with any functions e_i: theta_of(count, centre, B, theta) gets B[count][size()]
  // of centres centre[count] and writes de_i/dB to theta[count][size()].
  using ThetaOf = std::function<void(int count, const int *centre, const double *B, double *theta)>;
  virtual void gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]);

  virtual std::unique_ptr<Descriptor> clone() const = 0;
  virtual std::size_t memory_usage() const = 0;
  virtual Operations operations(Task) const { return {}; }
  virtual SplineErrors splines() const { return {}; }
  virtual const char *instruction_set() const { return "portable"; } // that its kernels use

  // Canonical words and values (numbers with 17 digits) that make the same descriptor again.
  virtual std::vector<std::pair<std::string, std::string>> settings() const = 0;
};

} // namespace dbar
