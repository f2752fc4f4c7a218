#include "kernels/density/settings.h"

#include "kernels/density/optimal.h"

#include <cmath>
#include <numeric>

namespace dbar::density {

Settings defaults(double rcut, int nspecies) {
  Settings s;
  s.rcut = rcut;
  s.nspecies = nspecies;
  s.neighbors.resize(nspecies);
  std::iota(s.neighbors.begin(), s.neighbors.end(), 0);
  return s;
}

bool Settings::mixed() const {
  return optimal && optimal->content().mixed;
}

int Settings::channels() const {
  return mixed() ? nmax : nmax * static_cast<int>(neighbors.size());
}

void read_basis(Radial &s, Words &words) {
  const char *expected = "gto, dvr, or a file of an optimal basis";
  const std::string word = words.text(expected);
  s.optimal = nullptr;
  s.dvr = word == "dvr";
  if (!OptimalBasis::is_word(word)) {
    if (!s.dvr && word != "gto")
      words.reject("'" + shown(word) + "'", expected);
    return;
  }
  try {
    s.optimal = std::make_shared<const OptimalBasis>(OptimalBasis::of_word(word));
  } catch (const BadSetting &e) {
    words.reject("'" + shown(word) + "'", std::string("the content of an optimal basis: ") + e.what());
  }
}

std::string basis_text(const Radial &s) {
  return s.optimal ? s.optimal->word() : s.dvr ? "dvr" : "gto";
}

namespace {

// What an optimal basis was made for is not another's.
void complete_optimal(Settings &s, const std::string &family) {
  const OptimalBasis::Content &c = s.optimal->content();
  const auto reject = [&](const std::string &key, const std::string &found, const std::string &expected) {
    throw BadSetting(family + " " + key + ": found " + found + ", expected " + expected + " of the optimal basis");
  };
  if (std::abs(c.rcut - s.rcut) > 1e-12 * c.rcut)
    reject("Rcut", number_text(s.rcut), "that " + number_text(c.rcut));
  if (s.says_sigma && std::abs(c.sigma - s.sigma) > 1e-12 * c.sigma)
    reject("sigma", number_text(s.sigma), "that " + number_text(c.sigma));
  if (c.species != s.nspecies)
    reject("species", std::to_string(s.nspecies), "as many as the " + std::to_string(c.species));
  if (s.says_nmax && s.nmax > c.qmax)
    reject("nmax", std::to_string(s.nmax), "at most the " + std::to_string(c.qmax) + " functions");
  if (s.says_lmax && s.lmax > c.lmax)
    reject("lmax", std::to_string(s.lmax), "at most that " + std::to_string(c.lmax));
  s.sigma = c.sigma;
  s.nmax = s.says_nmax ? s.nmax : c.qmax;
  s.lmax = s.says_lmax ? s.lmax : c.lmax;
}

} // namespace

void complete(Settings &s, const std::string &family) {
  const int most = s.dvr ? largest_nmax : largest_nmax_gto;
  if (s.optimal)
    complete_optimal(s, family);
  else if (s.nmax > most)
    throw BadSetting(family + " nmax: found " + std::to_string(s.nmax) + " with basis " + basis_text(s) +
                     ", expected an integer from 1 to " + std::to_string(most) + (s.dvr ? "" : ", or basis dvr"));
  if (s.width > s.rcut)
    throw BadSetting(family + " width: found " + number_text(s.width) + ", expected a length above 0 and up to Rcut " +
                     number_text(s.rcut));
  // The tables grow with Rcut / sigma.
  if (s.sigma < 0.01 * s.rcut || s.sigma > s.rcut)
    throw BadSetting(family + " sigma: found " + number_text(s.sigma) + ", expected a length from Rcut / 100 to Rcut " +
                     number_text(s.rcut));
}

void check_size(double components, const std::string &family, const std::string &advice) {
  if (components > most_components)
    throw BadSetting(family + ": found " + number_text(components) + " components of a centre, expected at most " +
                     std::to_string(most_components) + ": " + advice);
}

std::string channel_label(const Settings &s, int channel) {
  const std::string letter = s.optimal ? "q" : "n";
  if (s.mixed())
    return letter + std::to_string(channel);
  return std::to_string(s.neighbors[channel / s.nmax] + 1) + "," + letter + std::to_string(channel % s.nmax);
}

std::string species_text(const std::vector<int> &species) {
  std::string text;
  for (int a : species)
    text += (text.empty() ? "" : " ") + std::to_string(a + 1);
  return text;
}

std::unique_ptr<RadialFunctions> radial_functions(const Settings &s, int lmax) {
  if (s.optimal)
    return std::make_unique<Contracted>(s.optimal, s.nmax, lmax);
  return primitive_functions(s.dvr, s.nmax, lmax, s.rcut, s.sigma);
}

Neighbours neighbours(const Settings &s) {
  Neighbours n;
  n.rcut = s.rcut;
  n.lmax = s.lmax;
  n.nspecies = s.nspecies;
  n.expanded = s.neighbors;
  n.width = s.width;
  n.mixed = s.mixed();
  for (int centre = 0; s.optimal && centre < s.nspecies; ++centre)
    for (int a = 0; a < s.nspecies; ++a)
      n.set.push_back((s.optimal->content().each ? centre * s.nspecies : 0) + a);
  return n;
}

} // namespace dbar::density
