#include "styles/gpp/properties.h"

#include "atom.h"
#include "error.h"
#include "modify.h"

using namespace LAMMPS_NS;

namespace dbar {

namespace {

// The index of d_NAME, -1 if there is none.
int index_of(LAMMPS *lmp, const std::string &style, const std::string &name) {
  int is_real = 0, columns = 0;
  const int index = lmp->atom->find_custom(name.c_str(), is_real, columns);
  if (index >= 0 && (!is_real || columns > 0))
    lmp->error->all(FLERR, "{}: fix property/atom: found {}{}_{}, expected d_{}", style, is_real ? "d" : "i",
                    columns > 0 ? "2" : "", name, name);
  return index;
}

} // namespace

void ensure_property(LAMMPS *lmp, const std::string &style, const std::string &name) {
  if (index_of(lmp, style, name) < 0)
    lmp->modify->add_fix("dbar_gpp_" + name + " all property/atom d_" + name + " ghost yes");
}

double *property_if_any(LAMMPS *lmp, const std::string &style, const std::string &name) {
  const int index = index_of(lmp, style, name);
  return index < 0 ? nullptr : lmp->atom->dvector[index];
}

double *find_property(LAMMPS *lmp, const std::string &style, const std::string &name) {
  if (index_of(lmp, style, name) < 0)
    lmp->error->all(FLERR, "{}: property d_{}: found none, expected the fix property/atom that the style has made",
                    style, name);
  return property_if_any(lmp, style, name);
}

} // namespace dbar
