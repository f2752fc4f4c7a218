// Which centres share a vector: a lane each.
#pragma once

#include "kernels/descriptor.h"

#include <vector>

namespace dbar {

// Centres with as many neighbours follow each other: those of a vector share a loop that is as long as the most
// neighbours of one of them.
void lane_order(const Batch &batch, std::vector<int> &order);

int most_neighbours(const Batch &batch);

} // namespace dbar
