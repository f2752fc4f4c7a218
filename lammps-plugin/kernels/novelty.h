// How far the descriptor of one atom is from those that a model was fitted to.
#pragma once

#include <vector>

namespace dbar {

// M(B) = |matrix (B - mean)|^2 / rows: the squared Mahalanobis distance per dimension if
// matrix^T matrix is the inverse covariance.
struct Novelty {
  std::vector<double> mean;   // [K]
  std::vector<double> matrix; // [rows][K]

  double score(const double *B) const;
};

} // namespace dbar
