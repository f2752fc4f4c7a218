// Radial functions as splines, a table for each set of them: between knots stands the quintic polynomial that has the
// function's value and its first and second derivative at both ends; slopes are the exact derivatives of these
// polynomials.
#pragma once

#include "kernels/density/radial.h"
#include "kernels/descriptor.h"
#include "kernels/isa/aligned_memory.h"

#include <string>
#include <vector>

namespace dbar::density {

class SplineTable {
public:
  // As many knots as make the errors of values and of slopes in every interval less than accuracy times the largest
  // value and the largest slope of the function. Throws BadSetting, which `family` begins, if that takes too many.
  SplineTable(const RadialFunctions &functions, double rcut, double accuracy, const std::string &family);

  int padded() const { return padded_; } // degrees count, filled up with zeros to a multiple of 8
  int intervals() const { return intervals_; }
  double spacing() const { return spacing_; }
  // [sets][intervals + 1][3][padded]: f, h df/du, h^2 d2f/du2; l count + n
  const double *knots() const { return knots_; }
  std::size_t of_a_set() const { return static_cast<std::size_t>(intervals_ + 1) * 3 * padded_; }
  const SplineErrors &errors() const { return errors_; }
  std::size_t memory_usage() const { return memory_.bytes(); }

private:
  void fill(const RadialFunctions &functions, double rcut, int intervals);
  bool good(const RadialFunctions &functions, double accuracy);

  int padded_, intervals_ = 0;
  SplineErrors errors_{};
  double spacing_ = 0.0;
  std::vector<double> made_;
  AlignedMemory memory_;
  double *knots_ = nullptr;
};

} // namespace dbar::density
