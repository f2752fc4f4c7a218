#include "kernels/isa/lane_order.h"

#include <algorithm>
#include <numeric>

namespace dbar {

namespace {

int neighbours(const Batch &batch, int i) {
  return batch.first[i + 1] - batch.first[i];
}

} // namespace

void lane_order(const Batch &batch, std::vector<int> &order) {
  order.resize(batch.n);
  std::iota(order.begin(), order.end(), 0);
  constexpr int together = 64; // whose neighbours are in the cache at the same time
  for (int i = 0; i < batch.n; i += together)
    std::stable_sort(order.begin() + i, order.begin() + std::min(i + together, batch.n),
                     [&](int a, int b) { return neighbours(batch, a) < neighbours(batch, b); });
}

int most_neighbours(const Batch &batch) {
  int most = 0;
  for (int i = 0; i < batch.n; ++i)
    most = std::max(most, neighbours(batch, i));
  return most;
}

} // namespace dbar
