#include "kernels/bso4/settings.h"

#include <algorithm>

namespace dbar::bso4 {

namespace {

// The tables grow with the fifth power of twojmax: at 20 they are a few MB.
constexpr int largest_twojmax = 20;

std::string yes_no(bool flag) {
  return flag ? "yes" : "no";
}

} // namespace

double Settings::cutoff() const {
  return 2.0 * rcut * *std::max_element(radius.begin(), radius.end());
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.radius.assign(nspecies, 0.5);
  s.weight.assign(nspecies, 1.0);
  while (words.next()) {
    const std::string &key = words.keyword();
    if (key == "twojmax") {
      s.twojmax = words.integer(0, largest_twojmax);
    } else if (key == "rfac0") {
      const char *expected = "a number above 0 and up to 1";
      s.rfac0 = words.real(expected);
      if (s.rfac0 <= 0.0 || s.rfac0 > 1.0)
        words.reject(number_text(s.rfac0), expected);
    } else if (key == "rmin0") {
      const char *expected = "a length of zero or more";
      s.rmin0 = words.real(expected);
      if (s.rmin0 < 0.0)
        words.reject(number_text(s.rmin0), expected);
    } else if (key == "switch") {
      s.switching = words.yes_no();
    } else if (key == "bzero") {
      s.bzero = words.yes_no();
    } else if (key == "diagonal") {
      s.diagonal = words.yes_no();
    } else if (key == "radius") {
      s.radius = words.per_species(nspecies, "positive");
      for (double r : s.radius)
        if (r <= 0.0)
          words.reject(number_text(r), "positive radii");
    } else if (key == "weight") {
      s.weight = words.per_species(nspecies, "finite");
    } else {
      words.unknown("twojmax, rfac0, rmin0, switch, bzero, diagonal, radius, weight");
    }
  }
  const double smallest = 2.0 * rcut * *std::min_element(s.radius.begin(), s.radius.end());
  if (s.rmin0 >= smallest)
    throw BadSetting("bso4 rmin0: found " + number_text(s.rmin0) + ", expected less than the smallest pair cutoff " +
                     number_text(smallest));
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &s) {
  return {{"family", "bso4"},
          {"rcut", digits17(s.rcut)},
          {"twojmax", std::to_string(s.twojmax)},
          {"rfac0", digits17(s.rfac0)},
          {"rmin0", digits17(s.rmin0)},
          {"switch", yes_no(s.switching)},
          {"bzero", yes_no(s.bzero)},
          {"diagonal", yes_no(s.diagonal)},
          {"radius", digits17(s.radius)},
          {"weight", digits17(s.weight)}};
}

} // namespace dbar::bso4
