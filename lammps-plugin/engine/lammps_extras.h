// Parts of LAMMPS's interface that its installed headers leave out, declared as LAMMPS 29Aug2024 and 22Jul2025 have
// them. A source tree has the headers; then they are used, and what has changed shows when it is compiled.
#pragma once

#include "error.h"
#include "pointers.h"

#include <string>

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

// Only ever used through pointers that LAMMPS hands out: the members needed, no data.
#if __has_include("neigh_request.h")
#include "neigh_request.h"
#else
namespace LAMMPS_NS {
class NeighRequest {
public:
  ~NeighRequest();
};
} // namespace LAMMPS_NS
#endif

#if __has_include("thermo.h")
#include "thermo.h"
#else
namespace LAMMPS_NS {
class Thermo {
public:
  int evaluate_keyword(const std::string &, double *);
};
} // namespace LAMMPS_NS
#endif

#if __has_include("irregular.h")
#include "irregular.h"
#else
namespace LAMMPS_NS {
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
} // namespace LAMMPS_NS
#endif

namespace dbar {

// Not `delete`: only LAMMPS knows the size.
inline void delete_request(LAMMPS_NS::NeighRequest *request) {
  request->~NeighRequest();
  ::operator delete(request);
}

// Since 2025 LAMMPS wants to know who asks for the image: of the two one compiles.
template <class Domain>
auto minimum_image(const Domain *domain, double *delta) -> decltype(domain->minimum_image(FLERR, delta)) {
  domain->minimum_image(FLERR, delta);
}
template <class Domain>
auto minimum_image(const Domain *domain, double *delta) -> decltype(domain->minimum_image(delta)) {
  domain->minimum_image(delta);
}

} // namespace dbar
