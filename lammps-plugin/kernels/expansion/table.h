// The radial functions as splines.
//
// The variable is u = sqrt(r^2 + sigma^2): smooth in r^2 down to r = 0 and like r far out, so that one
// spacing serves everywhere and nothing is divided by r. Between knots stands the quintic polynomial
// that has the function's value and its first and second derivative at both ends; slopes are the exact
// derivatives of these polynomials.
#ifndef DBAR_EXPANSION_TABLE_H
#define DBAR_EXPANSION_TABLE_H

#include "settings.h"

#include <cmath>
#include <cstddef>

namespace dbar::expansion {

class Table {
public:
  // As many knots as make the error at the middle of every interval, of values and of slopes,
  // less than settings.accuracy times the largest of its function. Throws BadSetting if that takes
  // too many.
  explicit Table(const Settings &settings);

  int stride() const { return stride_; } // nmax, filled up with zeros to a multiple of 4
  int size() const { return size_; }     // (lmax + 1) * stride()
  std::size_t memory_usage() const { return values_.size() * sizeof(double); }

  // For r^2 = rsq < rcut^2: F = fc(r) I_nl(r) / r^l in value[size()], entry l * stride() + n, and,
  // unless slope is null, 2 dF/d(r^2) in slope[size()].
  void evaluate(double rsq, double *value, double *slope) const;

private:
  void fill(const Settings &settings, int intervals);
  bool good(const Settings &settings) const;
  int locate(double u, double *t) const;

  double rcut_, width_, sigma_;
  int lmax_, nmax_, stride_, size_, intervals_;
  double spacing_;
  std::vector<double> values_; // [intervals + 1][3][size]: f, h df/du, h^2 d2f/du2
};

} // namespace dbar::expansion

#endif
