#define DBAR_LANES 8
#define DBAR_ENTRY avx512_entry
#define DBAR_ISA_NAME "avx512"
#include "run.h"
