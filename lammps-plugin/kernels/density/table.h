// The radial functions as splines.
//
// The variable is u = sqrt(r^2 + sigma^2): smooth in r^2 down to r = 0 and like r far out, so that one
// spacing serves everywhere and nothing is divided by r. Between knots stands the quintic polynomial
// that has the function's value and its first and second derivative at both ends; slopes are the exact
// derivatives of these polynomials.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace dbar::density {

struct Radial {
  double rcut = 0.0;
  int nmax = 4; // radial functions n = 0 ... nmax-1
  int lmax = 3; // angular momenta l = 0 ... lmax
  double sigma = 0.5;
  double width = 0.5; // of the cutoff function
  double accuracy = 1e-10;
};

class Table {
public:
  // As many knots as make the error at the middle of every interval, of values and of slopes,
  // less than radial.accuracy times the largest of its function. Throws BadSetting, which `family` begins, if that
  // takes too many.
  Table(const Radial &radial, const std::string &family);

  int stride() const { return stride_; } // nmax, filled up with zeros to a multiple of 4
  int size() const { return size_; }     // (lmax + 1) * stride()
  std::size_t memory_usage() const { return values_.size() * sizeof(double); }

  // For r^2 = rsq < rcut^2: F = fc(r) I_nl(r) / r^l in value[size()], entry l * stride() + n, and,
  // unless slope is null, 2 dF/d(r^2) in slope[size()].
  void evaluate(double rsq, double *value, double *slope) const;

private:
  void fill(const Radial &radial, int intervals);
  bool good(const Radial &radial) const;
  int locate(double u, double *t) const;

  double rcut_, width_, sigma_;
  int lmax_, nmax_, stride_, size_, intervals_;
  double spacing_;
  std::vector<double> values_; // [intervals + 1][3][size]: f, h df/du, h^2 d2f/du2
};

} // namespace dbar::density
