#include "kernels/novelty.h"

#include <cstddef>

namespace dbar {

double Novelty::score(const double *B) const {
  const std::size_t K = mean.size(), rows = matrix.size() / K;
  double total = 0.0;
  for (std::size_t row = 0; row < rows; ++row) {
    const double *m = &matrix[row * K];
    double u = 0.0;
    for (std::size_t k = 0; k < K; ++k)
      u += m[k] * (B[k] - mean[k]);
    total += u * u;
  }
  return total / static_cast<double>(rows);
}

} // namespace dbar
