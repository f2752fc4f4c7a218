#define DBAR_LANES 2
#define DBAR_ENTRY portable_entry
#define DBAR_ISA_NAME "portable"
#include "run.h"
