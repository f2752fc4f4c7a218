#include "kernels/density/lanes/pull_back.h"
