#include "kernels/expansion/settings.h"

#include "kernels/density/limits.h"
#include "kernels/settings.h"

#include <numeric>

namespace dbar::expansion {

namespace {

constexpr int largest_nmax = 12; // beyond it the Gaussians are nearly dependent

bool positive(double x) {
  return x > 0.0;
}

const Setting<Settings> table[] = {
    {"nmax", kind::integer, [](Settings &s, Words &words) { s.nmax = words.integer(1, largest_nmax); },
     [](const Settings &s) { return std::to_string(s.nmax); }},
    {"lmax", kind::integer, [](Settings &s, Words &words) { s.lmax = words.integer(0, density::most_lmax); },
     [](const Settings &s) { return std::to_string(s.lmax); }},
    {"sigma", kind::number, [](Settings &s, Words &words) { s.sigma = words.real("a length above 0", positive); },
     [](const Settings &s) { return digits17(s.sigma); }},
    {"width", kind::number,
     [](Settings &s, Words &words) { s.width = words.real("a length above 0 and up to Rcut", positive); },
     [](const Settings &s) { return digits17(s.width); }},
    {"neighbors", kind::species, [](Settings &s, Words &words) { s.neighbors = words.species(s.nspecies); },
     [](const Settings &s) {
       std::string text;
       for (int a : s.neighbors)
         text += (text.empty() ? "" : " ") + std::to_string(a + 1);
       return text;
     }},
    {"accuracy", kind::number,
     [](Settings &s, Words &words) {
       s.accuracy = words.real("a number from 1e-12 to 0.01", [](double x) { return x >= 1e-12 && x <= 0.01; });
     },
     [](const Settings &s) { return digits17(s.accuracy); }},
};

Settings defaults(double rcut, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.neighbors.resize(nspecies);
  std::iota(s.neighbors.begin(), s.neighbors.end(), 0);
  return s;
}

} // namespace

std::vector<Keyword> keywords() {
  return dbar::keywords(table, defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = defaults(rcut, nspecies);
  read_words(table, words, s);
  if (s.width > rcut)
    throw BadSetting("expansion width: found " + number_text(s.width) + ", expected a length above 0 and up to Rcut " +
                     number_text(rcut));
  // The tables grow with Rcut / sigma.
  if (s.sigma < 0.01 * rcut || s.sigma > rcut)
    throw BadSetting("expansion sigma: found " + number_text(s.sigma) + ", expected a length from Rcut / 100 to Rcut " +
                     number_text(rcut));
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

std::vector<std::string> labels(const Settings &s) {
  std::vector<std::string> result;
  for (int a : s.neighbors)
    for (int n = 0; n < s.nmax; ++n)
      for (int l = 0; l <= s.lmax; ++l)
        for (int m = -l; m <= l; ++m)
          result.push_back(std::to_string(a + 1) + ",n" + std::to_string(n) + ",l" + std::to_string(l) + ",m" +
                           std::to_string(m));
  return result;
}

} // namespace dbar::expansion
