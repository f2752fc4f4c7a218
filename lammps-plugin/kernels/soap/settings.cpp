#include "kernels/soap/settings.h"

namespace dbar::soap {

namespace {

using Row = density::Row<Settings>;

void read_scale(Settings &s, Words &words) {
  s.c = 0.0;
  if (words.none())
    return;
  const char *expected = "three numbers above 0, C R0 M, or none";
  s.c = words.real(expected, density::is_positive);
  s.r0 = words.real(expected, density::is_positive);
  s.m = words.real(expected, density::is_positive);
}

void read_select(Settings &s, Words &words) {
  s.wanted.clear();
  if (words.none())
    return;
  s.wanted = words.names("numbers or labels of components, or none");
}

std::string select_text(const Settings &s) {
  std::string text;
  for (const int k : s.chosen)
    text += (text.empty() ? "" : " ") + std::to_string(k + 1);
  return text.empty() ? "none" : text;
}

const Setting<Settings> table[] = {
    {"order", kind::integer, [](Settings &s, Words &words) { s.order = words.integer(1, 3); },
     [](const Settings &s) { return std::to_string(s.order); }},
    {"parity", kind::word, [](Settings &s, Words &words) { s.odd = words.choice({"even", "both"}) == 1; },
     [](const Settings &s) { return std::string(s.odd ? "both" : "even"); }},
    Row::nmax,
    Row::lmax,
    Row::basis,
    Row::sigma,
    Row::width,
    {"center", kind::number,
     [](Settings &s, Words &words) { s.center = words.real("a number from 0", [](double x) { return x >= 0.0; }); },
     [](const Settings &s) { return digits17(s.center); }},
    {"scale", kind::numbers, read_scale,
     [](const Settings &s) { return s.c > 0.0 ? digits17(std::vector<double>{s.c, s.r0, s.m}) : std::string("none"); }},
    Row::neighbors,
    Row::accuracy,
    {"select", kind::components, read_select, select_text},
};

Settings defaults(double rcut, int nspecies) {
  Settings s;
  static_cast<density::Settings &>(s) = density::defaults(rcut, nspecies);
  return s;
}

} // namespace

std::vector<Keyword> keywords() {
  return dbar::keywords(table, defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = defaults(rcut, nspecies);
  read_words(table, words, s);
  complete(s, name);
  if (s.odd && s.order < 3)
    throw BadSetting("soap parity: found both with order " + std::to_string(s.order) +
                     ", expected even, or order 3: others have no components that change their sign");
  if (s.center > 0.0 && static_cast<int>(s.neighbors.size()) < nspecies)
    throw BadSetting("soap center: found " + number_text(s.center) + " with neighbors " +
                     density::species_text(s.neighbors) + ", expected all species among the neighbors, or center 0");
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

} // namespace dbar::soap
