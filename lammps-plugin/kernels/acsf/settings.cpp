#include "kernels/acsf/settings.h"

#include "kernels/density/settings.h"

namespace dbar::acsf {

namespace {

const Setting<Settings> table[] = {
    {"grid", kind::integer, [](Settings &s, Words &words) { s.grid = words.integer(2, 20); },
     [](const Settings &s) { return std::to_string(s.grid); }},
    {"zeta", kind::numbers,
     [](Settings &s, Words &words) {
       s.zeta = words.numbers("numbers from 1 to 256", [](double x) { return x >= 1.0 && x <= 256.0; });
     },
     [](const Settings &s) { return digits17(s.zeta); }},
    density::Row<Settings>::neighbors,
};

Settings defaults(double rcut, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.neighbors = density::defaults(rcut, nspecies).neighbors;
  return s;
}

} // namespace

std::vector<Keyword> keywords() {
  return dbar::keywords(table, defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = defaults(rcut, nspecies);
  read_words(table, words, s);
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

std::vector<std::string> labels(const Settings &s) {
  std::vector<std::string> all;
  const auto species = [&](std::size_t a) { return std::to_string(s.neighbors[a] + 1); };
  for (std::size_t a = 0; a < s.neighbors.size(); ++a) {
    for (int m = 0; m <= s.grid; ++m)
      all.push_back("G2," + species(a) + ",eta" + std::to_string(m));
    for (int m = 1; m <= s.grid; ++m)
      all.push_back("G2," + species(a) + ",shift" + std::to_string(m));
  }
  for (std::size_t a = 0; a < s.neighbors.size(); ++a)
    for (std::size_t b = a; b < s.neighbors.size(); ++b)
      for (int m = 0; m <= s.grid; ++m)
        for (const char *sign : {"+", "-"})
          for (std::size_t z = 1; z <= s.zeta.size(); ++z)
            all.push_back("G3," + species(a) + "," + species(b) + ",eta" + std::to_string(m) + "," + sign + ",zeta" +
                          std::to_string(z));
  return all;
}

} // namespace dbar::acsf
