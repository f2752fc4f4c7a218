#include "kernels/expansion/settings.h"

namespace dbar::expansion {

namespace {

using Row = density::Row<Settings>;
const Setting<Settings> table[] = {Row::nmax,  Row::lmax,      Row::basis,   Row::sigma,
                                   Row::width, Row::neighbors, Row::accuracy};

} // namespace

std::vector<Keyword> keywords() {
  return dbar::keywords(table, density::defaults(1.0, 1));
}

Settings read_settings(double rcut, Words &words, int nspecies) {
  Settings s = density::defaults(rcut, nspecies);
  read_words(table, words, s);
  complete(s, name);
  return s;
}

std::vector<std::pair<std::string, std::string>> describe(const Settings &settings) {
  return dbar::describe(table, name, settings);
}

std::vector<std::string> labels(const Settings &s) {
  std::vector<std::string> result;
  for (int q = 0; q < s.channels(); ++q)
    for (int l = 0; l <= s.lmax; ++l)
      for (int m = -l; m <= l; ++m)
        result.push_back(channel_label(s, q) + ",l" + std::to_string(l) + ",m" + std::to_string(m));
  return result;
}

} // namespace dbar::expansion
