// The vector kernels of the instruction set in use.
#pragma once

#include "kernels/density/lanes/plan.h"

namespace dbar::density {

// Those of the portable set where no vector kernels are wished for: there are no others.
const Entry &entry_in_use();

} // namespace dbar::density
