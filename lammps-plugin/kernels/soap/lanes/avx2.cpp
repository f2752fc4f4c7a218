#include "kernels/soap/lanes/power.h"
