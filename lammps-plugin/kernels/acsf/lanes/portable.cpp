#include "kernels/acsf/lanes/functions.h"
