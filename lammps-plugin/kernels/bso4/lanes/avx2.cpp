#include "kernels/bso4/lanes/run.h"
