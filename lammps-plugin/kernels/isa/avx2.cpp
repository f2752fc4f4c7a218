#include "kernels/isa/peak.h"
