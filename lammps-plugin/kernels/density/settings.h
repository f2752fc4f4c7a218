// Keywords that families of a density share, and the settings they set.
#pragma once

#include "kernels/density/limits.h"
#include "kernels/density/radial.h"
#include "kernels/density/tables.h"
#include "kernels/settings.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar::density {

struct Settings : Radial {
  int nspecies = 1;
  std::vector<int> neighbors;                                    // species that are expanded, from 0, ascending
  bool says_nmax = false, says_lmax = false, says_sigma = false; // else an optimal basis brings them

  bool mixed() const;   // all species feed the same channels
  int channels() const; // Q = (a, n), or q of all species
};

Settings defaults(double rcut, int nspecies);
// Takes from an optimal basis what no word says, and checks what words can say only together. Throws BadSetting, which
// `family` begins.
void complete(Settings &settings, const std::string &family);
// Throws BadSetting if a centre has more components than memory is for; `advice` says what makes them fewer.
void check_size(double components, const std::string &family, const std::string &advice);
// "1,n0" of species 1 and n = 0; with an optimal basis "1,q0", or "q0" of all species.
std::string channel_label(const Settings &settings, int channel);
std::string species_text(const std::vector<int> &species); // from 1
Neighbours neighbours(const Settings &settings);
std::unique_ptr<RadialFunctions> radial_functions(const Settings &settings, int lmax);

inline bool is_positive(double x) {
  return x > 0.0;
}

void read_basis(Radial &settings, Words &words);
std::string basis_text(const Radial &settings);

// Rows of the table of keywords of a family whose settings derive from these.
template <class S> struct Row {
  static constexpr Setting<S> nmax{"nmax", kind::integer,
                                   [](S &s, Words &words) {
                                     s.nmax = words.integer(1, largest_nmax * most_species_of_a_basis);
                                     s.says_nmax = true;
                                   },
                                   [](const S &s) { return std::to_string(s.nmax); }};
  static constexpr Setting<S> lmax{"lmax", kind::integer,
                                   [](S &s, Words &words) {
                                     s.lmax = words.integer(0, most_lmax);
                                     s.says_lmax = true;
                                   },
                                   [](const S &s) { return std::to_string(s.lmax); }};
  static constexpr Setting<S> basis{"basis", kind::basis, [](S &s, Words &words) { read_basis(s, words); },
                                    [](const S &s) { return basis_text(s); }};
  static constexpr Setting<S> sigma{"sigma", kind::number,
                                    [](S &s, Words &words) {
                                      s.sigma = words.real("a length above 0", is_positive);
                                      s.says_sigma = true;
                                    },
                                    [](const S &s) { return digits17(s.sigma); }};
  static constexpr Setting<S> width{
      "width", kind::number,
      [](S &s, Words &words) { s.width = words.real("a length above 0 and up to Rcut", is_positive); },
      [](const S &s) { return digits17(s.width); }};
  static constexpr Setting<S> neighbors{"neighbors", kind::species,
                                        [](S &s, Words &words) { s.neighbors = words.species(s.nspecies); },
                                        [](const S &s) { return species_text(s.neighbors); }};
  static constexpr Setting<S> accuracy{"accuracy", kind::number,
                                       [](S &s, Words &words) {
                                         s.accuracy = words.real("a number from 1e-12 to 0.01",
                                                                 [](double x) { return x >= 1e-12 && x <= 0.01; });
                                       },
                                       [](const S &s) { return digits17(s.accuracy); }};
};

} // namespace dbar::density
