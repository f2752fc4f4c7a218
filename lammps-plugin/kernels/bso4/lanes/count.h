#ifndef DBAR_BSO4_LANES_COUNT_H
#define DBAR_BSO4_LANES_COUNT_H

#include "../../descriptor.h"
#include "plan.h"

namespace dbar::bso4 {

Operations count(const Plan &plan, Task task);

} // namespace dbar::bso4

#endif
