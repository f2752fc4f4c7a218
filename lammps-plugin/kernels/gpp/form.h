// A potential of pairs and of embedded densities, before averages: E = sum_i F(rho_i) + 1/2 sum_ij V(r_ij),
// rho_i = sum_j phi(r_ij).
#pragma once

#include "kernels/gpp/curve.h"
#include "kernels/gpp/smoothing.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar::gpp {

struct Form {
  std::vector<std::string> elements;
  std::vector<double> masses;                        // g/mol
  Kind pair_kind;                                    // radial or plain
  std::vector<std::shared_ptr<const Curve>> pair;    // [a * elements + b]
  std::vector<std::shared_ptr<const Curve>> density; // [a * elements + b], of a neighbour b at a
  std::vector<std::shared_ptr<const Embedding>> embedding;

  int size() const { return static_cast<int>(elements.size()); }
  double cutoff() const; // the largest
  // These elements alone, in this order; one may come twice. Throws BadSetting that names one which is not there.
  Form chosen(const std::vector<std::string> &names) const;
};

} // namespace dbar::gpp
