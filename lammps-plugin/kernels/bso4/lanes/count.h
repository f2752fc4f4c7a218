// How many multiplications a task takes, see Operations.
#pragma once

#include "kernels/bso4/lanes/plan.h"
#include "kernels/descriptor.h"

namespace dbar::bso4 {

Operations count(const Plan &plan, Task task);

} // namespace dbar::bso4
