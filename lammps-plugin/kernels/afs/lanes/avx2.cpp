#include "kernels/afs/lanes/series.h"
