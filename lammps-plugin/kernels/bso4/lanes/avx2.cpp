#define DBAR_LANES 4
#define DBAR_ENTRY avx2_entry
#define DBAR_ISA_NAME "avx2"
#include "run.h"
