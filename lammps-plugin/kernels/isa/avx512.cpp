#include "kernels/isa/lane_copy.h"
#include "kernels/isa/peak.h"
