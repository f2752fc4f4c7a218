#include "kernels/isa/lane_order.h"

#include <algorithm>
#include <numeric>

namespace dbar {

namespace {

int neighbours(const Batch &batch, int i) {
  return batch.first[i + 1] - batch.first[i];
}

} // namespace

std::vector<int> lane_order(const Batch &batch) {
  std::vector<int> order(batch.n);
  std::iota(order.begin(), order.end(), 0);
  constexpr int together = 64; // whose neighbours are in the cache at the same time
  for (int i = 0; i < batch.n; i += together)
    std::stable_sort(order.begin() + i, order.begin() + std::min(i + together, batch.n),
                     [&](int a, int b) { return neighbours(batch, a) < neighbours(batch, b); });
  return order;
}

int most_neighbours(const Batch &batch) {
  int most = 0;
  for (int i = 0; i < batch.n; ++i)
    most = std::max(most, neighbours(batch, i));
  return most;
}

} // namespace dbar
