// Parts of LAMMPS's interface that its installed headers leave out, declared as LAMMPS 22Jul2025
// has them.
#pragma once

#include <string>

extern "C" {
// lammpsplugin.h
typedef void *(lammpsplugin_factory1)(void *);
typedef void *(lammpsplugin_factory2)(void *, int, char **);
typedef struct {
  const char *version;
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  union {
    lammpsplugin_factory1 *v1;
    lammpsplugin_factory2 *v2;
  } creator;
  void *handle;
} lammpsplugin_t;
typedef void (*lammpsplugin_regfunc)(lammpsplugin_t *, void *);
}

namespace LAMMPS_NS {

// Only ever used through pointers that LAMMPS hands out: the members needed, no data.
class NeighRequest {
public:
  void set_cutoff(double);
};

class Thermo {
public:
  int evaluate_keyword(const std::string &, double *);
};

} // namespace LAMMPS_NS
