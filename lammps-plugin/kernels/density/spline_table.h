// Radial functions as splines: between knots stands the quintic polynomial that has the function's value and its first
// and second derivative at both ends; slopes are the exact derivatives of these polynomials.
#pragma once

#include "kernels/density/radial.h"
#include "kernels/isa/aligned_memory.h"

#include <string>
#include <vector>

namespace dbar::density {

class SplineTable {
public:
  // As many knots as make the error at the middle of every interval, of values and of slopes, less than accuracy times
  // the largest of its function. Throws BadSetting, which `family` begins, if that takes too many.
  SplineTable(const RadialFunctions &functions, double rcut, double accuracy, const std::string &family);

  int padded() const { return padded_; } // degrees count, filled up with zeros to a multiple of 8
  int intervals() const { return intervals_; }
  double spacing() const { return spacing_; }
  const double *knots() const { return knots_; } // [intervals + 1][3][padded]: f, h df/du, h^2 d2f/du2; l count + n
  std::size_t memory_usage() const { return memory_.bytes(); }

private:
  void fill(const RadialFunctions &functions, double rcut, int intervals);
  bool good(const RadialFunctions &functions, double accuracy) const;

  int padded_, intervals_ = 0;
  double spacing_ = 0.0;
  std::vector<double> made_;
  AlignedMemory memory_;
  double *knots_ = nullptr;
};

} // namespace dbar::density
