// Parts of LAMMPS's interface that its installed headers leave out, declared as LAMMPS 22Jul2025
// has them.
#pragma once

#include "pointers.h"

#include <string>

// Where the headers are there, as in a source tree, they are taken: what has changed shows when it is compiled.
#if __has_include("irregular.h")
#include "irregular.h"
#define DBAR_HAS_IRREGULAR
#endif
#if __has_include("neigh_request.h")
#include "neigh_request.h"
#define DBAR_HAS_NEIGH_REQUEST
#endif
#if __has_include("thermo.h")
#include "thermo.h"
#define DBAR_HAS_THERMO
#endif

#if __has_include("lammpsplugin.h")
#include "lammpsplugin.h"
#else
extern "C" {
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
#endif

namespace LAMMPS_NS {

#ifndef DBAR_HAS_NEIGH_REQUEST
// Only ever used through pointers that LAMMPS hands out: the members needed, no data.
class NeighRequest {
public:
  ~NeighRequest();
};
#endif

#ifndef DBAR_HAS_THERMO
class Thermo {
public:
  int evaluate_keyword(const std::string &, double *);
};
#endif

#ifndef DBAR_HAS_IRREGULAR
// The one class here that is made by the plugin: its constructor, in LAMMPS, fills the storage, of
// which it needs a tenth.
class Irregular {
public:
  Irregular(class LAMMPS *);
  ~Irregular();
  void migrate_atoms(int sortflag = 0, int preassign = 0, int *procassign = nullptr);
  int migrate_check();

private:
  alignas(16) char storage_[4096];
};
#endif

} // namespace LAMMPS_NS

namespace dbar {

// Not `delete`: only LAMMPS knows the size.
inline void delete_request(LAMMPS_NS::NeighRequest *request) {
  request->~NeighRequest();
  ::operator delete(request);
}

} // namespace dbar
