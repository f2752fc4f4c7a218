// A scalar function of the global sums of a descriptor, and its derivative.
#pragma once

#include <vector>

namespace dbar {

// With D[n] (D_0 the number of central atoms), x = D or D / D_0 and u = matrix x + offset:
//   q = u_1 (linear), |u| (norm), u.u (quadratic);  s = scale q + shift;
//   with `squash`: s <- tanh((s - centre) / width).
struct CollectiveVariable {
  enum class Form { linear, norm, quadratic };

  int n = 0; // length of D
  bool per_atom = false;
  std::vector<double> matrix; // [offset.size()][n]
  std::vector<double> offset;
  Form form = Form::linear;
  double scale = 1.0, shift = 0.0;
  bool squash = false;
  double centre = 0.0, width = 1.0;

  // Returns s and, unless it is null, writes gradient[n] = ds/dD. gradient[0] is zero: the number of atoms does not
  // depend on where they are. The norm has derivative zero where it vanishes.
  double value(const double *D, double *gradient) const;
};

} // namespace dbar
