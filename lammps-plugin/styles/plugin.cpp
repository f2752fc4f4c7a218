// Registers the styles, after checking that this LAMMPS and this MPI are those the plugin was
// compiled for.

#include "engine/lammps_extras.h"
#include "styles/bias/style.h"
#include "styles/compute/atom_novelty.h"
#include "styles/compute/chunk.h"
#include "styles/compute/dbar.h"
#include "styles/ipi/style.h"
#include "styles/pair/dbar.h"
#include "styles/stream/style.h"

#include "library.h"

#include <cstdio>
#include <string>
#include <type_traits>

using namespace LAMMPS_NS;

namespace {

void *new_compute(void *lmp, int narg, char **arg) {
  if (ComputeDbarChunk::asked(narg, arg))
    return new ComputeDbarChunk(static_cast<LAMMPS *>(lmp), narg, arg);
  return new ComputeDbar(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_novelty(void *lmp, int narg, char **arg) {
  return new ComputeDbarAtomNovelty(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_fix_plumed(void *lmp, int narg, char **arg) {
  return new FixDbarPlumed(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_fix_ipi(void *lmp, int narg, char **arg) {
  return new FixDbarIpi(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_fix_stream(void *lmp, int narg, char **arg) {
  return new FixDbarStream(static_cast<LAMMPS *>(lmp), narg, arg);
}
void *new_pair(void *lmp) {
  return new PairDbar(static_cast<LAMMPS *>(lmp));
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
  auto add = [&](const char *style, const char *name, const char *info, auto *creator) {
    lammpsplugin_t plugin = {};
    plugin.version = static_cast<LAMMPS *>(lmp)->version;
    plugin.style = style;
    plugin.name = name;
    plugin.info = info;
    plugin.author = "the dbar developers";
    if constexpr (std::is_same_v<decltype(creator), lammpsplugin_factory1 *>)
      plugin.creator.v1 = creator;
    else
      plugin.creator.v2 = creator;
    plugin.handle = handle;
    register_plugin(&plugin, lmp);
  };
  add("compute", "dbar", "dbar " DBAR_VERSION " compute: global descriptors and their virial", &new_compute);
  add("compute", "dbar/atom/novelty", "dbar " DBAR_VERSION " compute: distance of each atom from what a model knows",
      &new_novelty);
  add("fix", "dbar/plumed", "dbar " DBAR_VERSION " fix: PLUMED bias on functions of the descriptors", &new_fix_plumed);
  add("fix", "dbar/ipi", "dbar " DBAR_VERSION " fix: i-PI client whose extras carry descriptors", &new_fix_ipi);
  add("fix", "dbar/stream", "dbar " DBAR_VERSION " fix: time-averaged snapshots streamed to Python", &new_fix_stream);
  add("pair", "dbar", "dbar " DBAR_VERSION " pair style: a potential linear in a descriptor", &new_pair);
}
