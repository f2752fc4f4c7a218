#include "families.h"

#include "bso4/family.h"
#include "expansion/family.h"
#include "words.h"

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

const char *active_isa() {
  return bso4::active_isa();
}

double peak_multiply_adds() {
  return bso4::peak_multiply_adds();
}

std::vector<std::string> available_isas() {
  return bso4::available_isas();
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
