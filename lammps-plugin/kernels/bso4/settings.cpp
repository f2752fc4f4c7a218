#include "kernels/bso4/settings.h"

#include "kernels/bso4/limits.h"
#include "kernels/settings.h"

#include <algorithm>

namespace dbar::bso4 {

namespace {

std::string yes_no(bool flag) {
  return flag ? "yes" : "no";
}

void read_radius(Settings &s, Words &words) {
  s.radius = words.per_species(s.nspecies, "positive");
  for (double r : s.radius)
    if (r <= 0.0)
      words.reject(number_text(r), "positive radii");
}

const Setting<Settings> table[] = {
    {"twojmax", kind::integer, [](Settings &s, Words &words) { s.twojmax = words.integer(0, most_twojmax); },
     [](const Settings &s) { return std::to_string(s.twojmax); }},
    {"rfac0", kind::number,
     [](Settings &s, Words &words) {
       s.rfac0 = words.real("a number above 0 and up to 1", [](double x) { return x > 0.0 && x <= 1.0; });
     },
     [](const Settings &s) { return digits17(s.rfac0); }},
    {"rmin0", kind::number,
     [](Settings &s, Words &words) {
       s.rmin0 = words.real("a length of zero or more", [](double x) { return x >= 0.0; });
     },
     [](const Settings &s) { return digits17(s.rmin0); }},
    {"switch", kind::flag, [](Settings &s, Words &words) { s.switching = words.yes_no(); },
     [](const Settings &s) { return yes_no(s.switching); }},
    {"bzero", kind::flag, [](Settings &s, Words &words) { s.bzero = words.yes_no(); },
     [](const Settings &s) { return yes_no(s.bzero); }},
    {"diagonal", kind::flag, [](Settings &s, Words &words) { s.diagonal = words.yes_no(); },
     [](const Settings &s) { return yes_no(s.diagonal); }},
    {"radius", kind::per_species, read_radius, [](const Settings &s) { return digits17(s.radius); }},
    {"weight", kind::per_species, [](Settings &s, Words &words) { s.weight = words.per_species(s.nspecies, "finite"); },
     [](const Settings &s) { return digits17(s.weight); }},
};

Settings defaults(double rcut, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.radius.assign(nspecies, 0.5);
  s.weight.assign(nspecies, 1.0);
  return s;
}

} // namespace

double Settings::cutoff() const {
  return 2.0 * rcut * *std::max_element(radius.begin(), radius.end());
}

std::vector<Keyword> keywords() {
  return dbar::keywords(table, defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = defaults(rcut, nspecies);
  read_words(table, words, s);
  const double smallest = 2.0 * rcut * *std::min_element(s.radius.begin(), s.radius.end());
  if (s.rmin0 >= smallest)
    throw BadSetting("bso4 rmin0: found " + number_text(s.rmin0) + ", expected less than the smallest pair cutoff " +
                     number_text(smallest));
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

} // namespace dbar::bso4
