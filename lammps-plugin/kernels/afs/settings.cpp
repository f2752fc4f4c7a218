#include "kernels/afs/settings.h"

#include "kernels/density/limits.h"
#include "kernels/settings.h"

namespace dbar::afs {

namespace {

constexpr int most_jacobi = 24;  // what the splines' tests have seen
constexpr int most_loewdin = 10; // beyond it their overlaps lose more than 1e-10 in extended precision

void read_radial(Settings &s, Words &words) {
  s.loewdin = words.choice({"jacobi", "loewdin"}) == 1;
}

const Setting<Settings> table[] = {
    {"nmax", kind::integer, [](Settings &s, Words &words) { s.nmax = words.integer(1, most_jacobi); },
     [](const Settings &s) { return std::to_string(s.nmax); }},
    {"lmax", kind::integer, [](Settings &s, Words &words) { s.lmax = words.integer(0, density::most_lmax); },
     [](const Settings &s) { return std::to_string(s.lmax); }},
    {"radial", kind::word, read_radial,
     [](const Settings &s) { return std::string(s.loewdin ? "loewdin" : "jacobi"); }},
    {"switch", kind::flag, [](Settings &s, Words &words) { s.switching = words.yes_no(); },
     [](const Settings &s) { return std::string(s.switching ? "yes" : "no"); }},
    {"selfpairs", kind::flag, [](Settings &s, Words &words) { s.selfpairs = words.yes_no(); },
     [](const Settings &s) { return std::string(s.selfpairs ? "yes" : "no"); }},
    {"weight", kind::per_species, [](Settings &s, Words &words) { s.weight = words.per_species(s.nspecies, "finite"); },
     [](const Settings &s) { return digits17(s.weight); }},
};

Settings defaults(double rcut, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.weight.assign(nspecies, 1.0);
  return s;
}

} // namespace

std::vector<Keyword> keywords() {
  return dbar::keywords(table, defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = defaults(rcut, nspecies);
  read_words(table, words, s);
  if (s.loewdin && s.nmax > most_loewdin)
    throw BadSetting("afs nmax: found " + std::to_string(s.nmax) +
                     " with radial loewdin, expected an integer from 1 to " + std::to_string(most_loewdin) +
                     ", or radial jacobi, which spans the same functions");
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

} // namespace dbar::afs
