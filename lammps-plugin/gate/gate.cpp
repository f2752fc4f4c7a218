// What LAMMPS loads. It has no symbol of LAMMPS's C++ or of MPI, so that it loads into any LAMMPS and can say what does
// not fit; only then it loads the library with the styles, which lies beside it.

#include "lmptype.h"

#include <dlfcn.h>
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// A function of the process that has loaded us, null if there is none.
template <class Function> Function *find(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
}

#if defined(MPICH_VERSION)
const char *const mpi_family = "MPICH " MPICH_VERSION;
const char *const same_interface[] = {"MPICH", "Intel", "MVAPICH"};
#elif defined(OMPI_MAJOR_VERSION)
const char *const mpi_family = "Open MPI";
const char *const same_interface[] = {"Open MPI"};
#else
const char *const mpi_family = "the MPI of the LAMMPS headers";
const char *const same_interface[] = {""};
#endif

std::string mpi_found() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  const auto version = find<int(char *, int *)>("MPI_Get_library_version");
  if (!version || version(text, &length) != MPI_SUCCESS)
    return "no MPI";
  const std::string found(text, length);
  return found.substr(0, found.find_first_of("\r\n"));
}

bool mpi_fits(const std::string &found) {
  for (const char *name : same_interface)
    if (found.find(name) != std::string::npos)
      return true;
  return false;
}

// What differs, empty if nothing does.
std::string mismatch(void *lmp) {
  const auto version = find<int(void *)>("lammps_version");
  const auto setting = find<int(void *, const char *)>("lammps_extract_setting");
  if (!version || !setting)
    return "expected a LAMMPS with its library interface (lammps_version, lammps_extract_setting), found none";
  if (version(lmp) != DBAR_LAMMPS_VERSION)
    return "compiled for LAMMPS " + std::to_string(DBAR_LAMMPS_VERSION) + ", found LAMMPS " +
           std::to_string(version(lmp));
  const struct {
    const char *name;
    int size;
  } integers[] = {{"tagint", sizeof(LAMMPS_NS::tagint)},
                  {"bigint", sizeof(LAMMPS_NS::bigint)},
                  {"imageint", sizeof(LAMMPS_NS::imageint)}};
  for (const auto &integer : integers)
    if (setting(lmp, integer.name) != integer.size)
      return std::string("compiled for a LAMMPS whose ") + integer.name + " has " + std::to_string(integer.size) +
             " bytes, found " + std::to_string(setting(lmp, integer.name)) + " (LAMMPS_SMALLBIG, LAMMPS_BIGBIG)";
  const std::string mpi = mpi_found();
  if (!mpi_fits(mpi))
    return std::string("compiled for ") + mpi_family + ", found " + mpi;
  return "";
}

// One rank speaks for all. Handles of an MPI that does not fit mean nothing: then the launcher has left a number.
bool speaks() {
  int rank = 0;
  const auto rank_of = find<int(MPI_Comm, int *)>("MPI_Comm_rank");
  if (rank_of && mpi_fits(mpi_found()))
    rank_of(MPI_COMM_WORLD, &rank);
  else
    for (const char *name : {"PMI_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"})
      if (const char *text = std::getenv(name))
        rank = std::atoi(text);
  return rank == 0;
}

std::string folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&folder), &info))
    return ".";
  char *path = realpath(info.dli_fname, nullptr);
  const std::string file = path ? path : info.dli_fname;
  std::free(path);
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

using Register = void(void *, void *, void *);

} // namespace

extern "C" __attribute__((visibility("default"))) void lammpsplugin_init(void *lmp, void *handle, void *regfunc) {
  std::string problem = mismatch(lmp);
  if (problem.empty()) {
    // Stays when LAMMPS lets go of this file: its threads may still be there.
    void *styles = dlopen((folder() + "/libdbar_styles.so").c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    auto *add = styles ? reinterpret_cast<Register *>(dlsym(styles, "dbar_register_styles")) : nullptr;
    if (add)
      return add(lmp, handle, regfunc);
    const char *why = dlerror();
    problem = why ? why : "libdbar_styles.so is not of this version";
  }
  if (speaks())
    std::fprintf(stderr, "dbar plugin not loaded: %s. Rebuild dbar against this LAMMPS (cmake -DLAMMPS_DIR=...).\n",
                 problem.c_str());
}
