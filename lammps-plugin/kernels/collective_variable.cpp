#include "kernels/collective_variable.h"

#include <algorithm>
#include <cmath>

namespace dbar {

double CollectiveVariable::value(const double *D, double *gradient) const {
  const int m = static_cast<int>(offset.size());
  const double inverse = per_atom ? 1.0 / D[0] : 1.0;
  std::vector<double> u(m), du(m); // du = dq/du
  for (int j = 0; j < m; ++j) {
    double sum = 0.0;
    for (int k = 0; k < n; ++k)
      sum += matrix[static_cast<std::size_t>(j) * n + k] * D[k];
    u[j] = inverse * sum + offset[j];
  }

  double q = 0.0;
  if (form == Form::linear) {
    q = u[0];
    du[0] = 1.0;
  } else {
    for (int j = 0; j < m; ++j)
      q += u[j] * u[j];
    double factor = 2.0;
    if (form == Form::norm) {
      q = std::sqrt(q);
      factor = q > 0.0 ? 1.0 / q : 0.0;
    }
    for (int j = 0; j < m; ++j)
      du[j] = factor * u[j];
  }

  double s = scale * q + shift, ds = scale; // ds = ds/dq
  if (squash) {
    s = std::tanh((s - centre) / width);
    ds *= (1.0 - s * s) / width;
  }

  if (!gradient)
    return s;
  std::fill_n(gradient, n, 0.0);
  for (int j = 0; j < m; ++j)
    for (int k = 1; k < n; ++k)
      gradient[k] += ds * du[j] * inverse * matrix[static_cast<std::size_t>(j) * n + k];
  return s;
}

} // namespace dbar
