#include "kernels/soap/lanes/bispectrum.h"
#include "kernels/soap/lanes/power.h"
#include "kernels/soap/lanes/products.h"
