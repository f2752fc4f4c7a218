#include "kernels/families.h"

#include <cmath>
#include <utility>

namespace dbar {

#define FAMILY(name)                                                                                                   \
  namespace name {                                                                                                     \
  Family family();                                                                                                     \
  }
#include "kernels/families.def"
#undef FAMILY

const std::vector<std::pair<std::string, Family>> &families() {
  static const std::vector<std::pair<std::string, Family>> list = {
#define FAMILY(name) {#name, name::family()},
#include "kernels/families.def"
#undef FAMILY
  };
  return list;
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const auto &each : families())
    names.push_back(each.first);
  return names;
}

std::unique_ptr<Descriptor> make_descriptor(const std::string &name, double rcut, const std::vector<std::string> &words,
                                            int nspecies) {
  if (!std::isfinite(rcut) || rcut <= 0.0)
    throw BadSetting("Rcut: found " + number_text(rcut) + ", expected a positive length");
  if (nspecies < 1)
    throw BadSetting("species: found " + std::to_string(nspecies) + ", expected at least one");
  std::string known;
  for (const auto &[each, family] : families()) {
    if (name == each) {
      Words reader(name, words);
      return family.make(rcut, reader, nspecies);
    }
    known += (known.empty() ? "" : ", ") + each;
  }
  throw BadSetting("family: found '" + name + "', expected one of: " + known);
}

} // namespace dbar
