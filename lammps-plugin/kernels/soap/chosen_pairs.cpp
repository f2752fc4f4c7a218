#include "kernels/soap/chosen_pairs.h"

#include <cmath>

namespace dbar::soap {

ChosenPairs::ChosenPairs(int channels, int lmax, const std::vector<std::array<int, 3>> &components)
    : entry_(in_use_or_portable([](auto isa) { return chosen_entry(isa); })) {
  for (const auto &[q, p, l] : components)
    product_.push_back({q, p, l, std::sqrt((q == p ? 1.0 : 2.0) / (2.0 * l + 1.0))});
  chosen_ = {channels, lmax, size(), product_.data()};
}

Operations ChosenPairs::operations(Task task) const {
  Operations n{};
  for (const Product &k : product_)
    n.per_centre += (2 * k.l + 1) * (task == Task::value ? 1.0 : task == Task::strain ? 13.0 : 2.0);
  return n;
}

} // namespace dbar::soap
