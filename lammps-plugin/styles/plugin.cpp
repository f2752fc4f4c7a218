// Registers the styles.

#include "engine/lammps_extras.h"
#include "styles/bias/style.h"
#include "styles/compute/atom_novelty.h"
#include "styles/compute/chunk.h"
#include "styles/compute/dbar.h"
#include "styles/entropy/style.h"
#include "styles/gpp/style.h"
#include "styles/ipi/style.h"
#include "styles/pair/dbar.h"
#include "styles/stream/style.h"

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
void *new_entropy(void *lmp, int narg, char **arg) {
  return new ComputeDbarEntropy(static_cast<LAMMPS *>(lmp), narg, arg);
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
void *new_pair_gpp(void *lmp) {
  return new PairDbarGpp(static_cast<LAMMPS *>(lmp));
}

// As LAMMPS says it: 20250722 is "22 Jul 2025".
std::string date(int number) {
  static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return std::to_string(number % 100) + " " + month[number / 100 % 100 - 1] + " " + std::to_string(number / 10000);
}

} // namespace

// The gate calls it, once this LAMMPS is known to be the one we were compiled for.
extern "C" __attribute__((visibility("default"))) void dbar_register_styles(void *lmp, void *handle, void *regfunc) {
  static const std::string version = date(DBAR_LAMMPS_VERSION); // LAMMPS keeps the pointer
  auto register_plugin = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  auto add = [&](const char *style, const char *name, const char *info, auto *creator) {
    lammpsplugin_t plugin = {};
    plugin.version = version.c_str();
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
  add("compute", "dbar/entropy", "dbar " DBAR_VERSION " compute: vibrational entropy of positions at rest",
      &new_entropy);
  add("fix", "dbar/plumed", "dbar " DBAR_VERSION " fix: PLUMED bias on functions of the descriptors", &new_fix_plumed);
  add("fix", "dbar/ipi", "dbar " DBAR_VERSION " fix: i-PI client whose extras carry descriptors", &new_fix_ipi);
  add("fix", "dbar/stream", "dbar " DBAR_VERSION " fix: time-averaged snapshots streamed to Python", &new_fix_stream);
  add("pair", "dbar", "dbar " DBAR_VERSION " pair style: a potential linear in a descriptor", &new_pair);
  add("pair", "dbar/gpp", "dbar " DBAR_VERSION " pair style: free energy of atoms as Gaussian packets", &new_pair_gpp);
}
