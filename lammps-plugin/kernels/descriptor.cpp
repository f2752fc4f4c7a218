#include "kernels/descriptor.h"

namespace dbar {

void clear(const Batch &batch, double (*grad)[3]) {
  for (int p = batch.first[0]; p < batch.first[batch.n]; ++p)
    grad[p][0] = grad[p][1] = grad[p][2] = 0.0;
}

void Descriptor::gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) {
  std::vector<double> B(size()), theta(size());
  for (int i = 0; i < batch.n; ++i) {
    const int begin = batch.first[i], first[2] = {0, batch.first[i + 1] - begin};
    const Batch one = {1, batch.type + i, first, batch.r + begin, batch.rtype + begin};
    per_centre(one, B.data());
    theta_of(1, &i, B.data(), theta.data());
    gradient(one, theta.data(), grad + begin);
  }
}

} // namespace dbar
