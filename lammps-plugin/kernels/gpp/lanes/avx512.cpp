#include "kernels/gpp/lanes/bicubic.h"
