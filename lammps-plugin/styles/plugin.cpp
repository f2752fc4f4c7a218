// Registers the styles, after checking that this LAMMPS and this MPI are those the plugin was
// compiled for.

#include "compute_dbar.h"
#include "fix_dbar_stream.h"
#include "lammps_extras.h"
#include "library.h"

#include <cstdio>
#include <string>

using namespace LAMMPS_NS;

namespace {

void *new_compute(void *lmp, int narg, char **arg) {
  return new ComputeDbar(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_fix_stream(void *lmp, int narg, char **arg) {
  return new FixDbarStream(static_cast<LAMMPS *>(lmp), narg, arg);
}

#if defined(MPICH_VERSION)
const char *mpi_family = "MPICH " MPICH_VERSION;
bool same_mpi(const std::string &found) {
  for (const char *name : {"MPICH", "Intel", "MVAPICH"}) // one binary interface
    if (found.find(name) != std::string::npos)
      return true;
  return false;
}
#elif defined(OMPI_MAJOR_VERSION)
const char *mpi_family = "Open MPI";
bool same_mpi(const std::string &found) {
  return found.find("Open MPI") != std::string::npos;
}
#else
const char *mpi_family = "the MPI of the LAMMPS headers";
bool same_mpi(const std::string &) {
  return true;
}
#endif

// What differs, empty if nothing does.
std::string mismatch(void *lmp) {
  const int version = lammps_version(lmp);
  if (version != DBAR_LAMMPS_VERSION)
    return "compiled for LAMMPS " + std::to_string(DBAR_LAMMPS_VERSION) + ", found LAMMPS " + std::to_string(version);
  if (lammps_extract_setting(lmp, "tagint") != sizeof(tagint) ||
      lammps_extract_setting(lmp, "bigint") != sizeof(bigint) ||
      lammps_extract_setting(lmp, "imageint") != sizeof(imageint))
    return "compiled for other integer sizes (LAMMPS_SMALLBIG, LAMMPS_BIGBIG) than this LAMMPS has";
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(text, &length);
  const std::string found(text, length);
  if (!same_mpi(found))
    return std::string("compiled for ") + mpi_family + ", found " + found.substr(0, found.find('\n'));
  return "";
}

} // namespace

extern "C" __attribute__((visibility("default"))) void lammpsplugin_init(void *lmp, void *handle, void *regfunc) {
  const std::string problem = mismatch(lmp);
  if (!problem.empty()) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
      std::fprintf(stderr,
                   "dbar plugin not loaded: %s. Rebuild dbar against this LAMMPS (cmake "
                   "-DLAMMPS_DIR=...).\n",
                   problem.c_str());
    return;
  }
  auto register_plugin = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  auto add = [&](const char *style, const char *name, const char *info, lammpsplugin_factory2 *creator) {
    lammpsplugin_t plugin = {};
    plugin.version = static_cast<LAMMPS *>(lmp)->version;
    plugin.style = style;
    plugin.name = name;
    plugin.info = info;
    plugin.author = "the dbar developers";
    plugin.creator.v2 = creator;
    plugin.handle = handle;
    register_plugin(&plugin, lmp);
  };
  add("compute", "dbar", "dbar " DBAR_VERSION " compute: global descriptors and their virial", &new_compute);
  add("fix", "dbar/stream", "dbar " DBAR_VERSION " fix: time-averaged snapshots streamed to Python", &new_fix_stream);
}
