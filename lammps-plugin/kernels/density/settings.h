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
  std::vector<int> neighbors; // species that are expanded, from 0, ascending

  int channels() const { return nmax * static_cast<int>(neighbors.size()); } // Q = (a, n)
};

Settings defaults(double rcut, int nspecies);
// What words can say only together. Throws BadSetting, which `family` begins.
void check(const Settings &settings, const std::string &family);
// "1,n0" of species 1 and n = 0.
std::string channel_label(const Settings &settings, int channel);
std::string species_text(const std::vector<int> &species); // from 1
Neighbours neighbours(const Settings &settings);
std::unique_ptr<RadialFunctions> radial_functions(const Settings &settings, int lmax);

constexpr int largest_nmax = 40;     // of dvr
constexpr int largest_nmax_gto = 12; // beyond it the Gaussians are nearly dependent

inline bool is_positive(double x) {
  return x > 0.0;
}

// Rows of the table of keywords of a family whose settings derive from these.
template <class S> struct Row {
  static constexpr Setting<S> nmax{"nmax", kind::integer,
                                   [](S &s, Words &words) { s.nmax = words.integer(1, largest_nmax); },
                                   [](const S &s) { return std::to_string(s.nmax); }};
  static constexpr Setting<S> lmax{"lmax", kind::integer,
                                   [](S &s, Words &words) { s.lmax = words.integer(0, most_lmax); },
                                   [](const S &s) { return std::to_string(s.lmax); }};
  static constexpr Setting<S> basis{"basis", kind::word,
                                    [](S &s, Words &words) { s.dvr = words.choice({"gto", "dvr"}) == 1; },
                                    [](const S &s) { return std::string(s.dvr ? "dvr" : "gto"); }};
  static constexpr Setting<S> sigma{"sigma", kind::number,
                                    [](S &s, Words &words) { s.sigma = words.real("a length above 0", is_positive); },
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
