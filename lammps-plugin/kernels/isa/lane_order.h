// Which centres share a vector: a lane each.
#pragma once

#include "kernels/descriptor.h"

#include <vector>

namespace dbar {

// Centres with as many neighbours follow each other: those of a vector share a loop that is as long as the most
// neighbours of one of them.
std::vector<int> lane_order(const Batch &batch);

int most_neighbours(const Batch &batch);

} // namespace dbar
