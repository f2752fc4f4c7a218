#include "kernels/families.h"

#include "kernels/bso4/family.h"
#include "kernels/expansion/family.h"
#include "kernels/words.h"

#include <cmath>

namespace dbar {

namespace {

using Maker = std::unique_ptr<Descriptor> (*)(double rcut, Words &words, int nspecies);

struct Family {
  const char *name;
  Maker make;
};

// A new family is one line here.
const Family registry[] = {
    {"bso4", bso4::make},
    {"expansion", expansion::make},
};

} // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family &family : registry)
    names.push_back(family.name);
  return names;
}

std::unique_ptr<Descriptor> make_descriptor(const std::string &name, double rcut, const std::vector<std::string> &words,
                                            int nspecies) {
  if (!std::isfinite(rcut) || rcut <= 0.0)
    throw BadSetting("Rcut: found " + number_text(rcut) + ", expected a positive length");
  if (nspecies < 1)
    throw BadSetting("species: found " + std::to_string(nspecies) + ", expected at least one");
  for (const Family &family : registry)
    if (name == family.name) {
      Words reader(name, words);
      return family.make(rcut, reader, nspecies);
    }
  std::string known;
  for (const std::string &each : family_names())
    known += (known.empty() ? "" : ", ") + each;
  throw BadSetting("family: found '" + name + "', expected one of: " + known);
}

} // namespace dbar
