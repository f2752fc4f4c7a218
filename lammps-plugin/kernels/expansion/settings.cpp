#include "kernels/expansion/settings.h"

#include <algorithm>
#include <numeric>

namespace dbar::expansion {

namespace {

// Beyond these the Gaussians are nearly dependent, and the harmonics' recurrence is untested.
constexpr int largest_nmax = 12, largest_lmax = 12;

double positive(Words &words, const char *expected) {
  const double x = words.real(expected);
  if (x <= 0.0)
    words.reject(number_text(x), expected);
  return x;
}

} // namespace

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.neighbors.resize(nspecies);
  std::iota(s.neighbors.begin(), s.neighbors.end(), 0);
  while (words.next()) {
    const std::string &key = words.keyword();
    if (key == "nmax") {
      s.nmax = words.integer(1, largest_nmax);
    } else if (key == "lmax") {
      s.lmax = words.integer(0, largest_lmax);
    } else if (key == "sigma") {
      s.sigma = positive(words, "a length above 0");
    } else if (key == "width") {
      s.width = positive(words, "a length above 0 and up to Rcut");
    } else if (key == "accuracy") {
      const char *expected = "a number from 1e-12 to 0.01";
      s.accuracy = positive(words, expected);
      if (s.accuracy < 1e-12 || s.accuracy > 0.01)
        words.reject(number_text(s.accuracy), expected);
    } else if (key == "neighbors") {
      s.neighbors = words.species(nspecies);
    } else {
      words.unknown("nmax, lmax, sigma, width, neighbors, accuracy");
    }
  }
  if (s.width > rcut)
    throw BadSetting("expansion width: found " + number_text(s.width) + ", expected a length above 0 and up to Rcut " +
                     number_text(rcut));
  // The tables grow with Rcut / sigma.
  if (s.sigma < 0.01 * rcut || s.sigma > rcut)
    throw BadSetting("expansion sigma: found " + number_text(s.sigma) + ", expected a length from Rcut / 100 to Rcut " +
                     number_text(rcut));
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &s) {
  std::string neighbors;
  for (int a : s.neighbors)
    neighbors += (neighbors.empty() ? "" : " ") + std::to_string(a + 1);
  return {{"family", "expansion"},          {"rcut", digits17(s.rcut)},        {"nmax", std::to_string(s.nmax)},
          {"lmax", std::to_string(s.lmax)}, {"sigma", digits17(s.sigma)},      {"width", digits17(s.width)},
          {"neighbors", neighbors},         {"accuracy", digits17(s.accuracy)}};
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
