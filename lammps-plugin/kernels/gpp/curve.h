// Functions of a distance or of a density, with derivatives: what a potential of atoms is made of before any average.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

namespace dbar::gpp {

struct Jet { // value and three derivatives
  double f = 0.0, d1 = 0.0, d2 = 0.0, d3 = 0.0;
};

inline Jet product(const Jet &a, const Jet &b) {
  return {a.f * b.f, a.d1 * b.f + a.f * b.d1, a.d2 * b.f + 2.0 * a.d1 * b.d1 + a.f * b.d2,
          a.d3 * b.f + 3.0 * (a.d2 * b.d1 + a.d1 * b.d2) + a.f * b.d3};
}

// Zero from the cutoff on. Between multiples of piece() and the cutoff a polynomial.
class Curve {
public:
  virtual ~Curve() = default;
  virtual Jet inside(double r) const = 0; // 0 <= r < cutoff
  virtual double cutoff() const = 0;
  virtual double piece() const = 0;
  Jet at(double r) const { return r < cutoff() ? inside(r) : Jet(); }
};

// The energy of an atom in a density of its neighbours.
class Embedding {
public:
  virtual ~Embedding() = default;
  virtual Jet at(double rho) const = 0; // rho >= 0; d3 may be left at zero
};

// Cubic pieces on a uniform grid from 0, with the slopes at the nodes that LAMMPS takes from five points (three beside
// the ends, two at the ends).
class Cubics {
public:
  Cubics(std::vector<double> values, double step);
  Jet at(double x) const; // the first piece below 0, the value of the last node beyond it
  double step() const { return step_; }
  double last() const { return step_ * static_cast<double>(values_.size() - 1); }

private:
  std::vector<double> values_, slopes_; // slopes per step
  double step_;
};

class TableCurve : public Curve {
public:
  TableCurve(std::vector<double> values, double step, double cutoff)
      : cubics_(std::move(values), step), cutoff_(cutoff) {}
  Jet inside(double r) const override { return cubics_.at(r); }
  double cutoff() const override { return cutoff_; }
  double piece() const override { return cubics_.step(); }

private:
  Cubics cubics_;
  double cutoff_;
};

// Beyond the last node straight on, as LAMMPS does.
class TableEmbedding : public Embedding {
public:
  TableEmbedding(std::vector<double> values, double step) : cubics_(std::move(values), step) {}
  Jet at(double rho) const override;

private:
  Cubics cubics_;
};

// A polynomial about a point.
class Polynomial : public Curve {
public:
  Polynomial(std::vector<double> coefficients, double about, double cutoff)
      : coefficients_(std::move(coefficients)), about_(about), cutoff_(cutoff) {}
  Jet inside(double r) const override;
  double cutoff() const override { return cutoff_; }
  double piece() const override { return cutoff_; }

private:
  std::vector<double> coefficients_; // of (r - about)^k
  double about_, cutoff_;
};

// -A sqrt(rho)
class RootEmbedding : public Embedding {
public:
  explicit RootEmbedding(double A) : A_(A) {}
  Jet at(double rho) const override;

private:
  double A_;
};

} // namespace dbar::gpp
