#include "kernels/density/settings.h"

#include "kernels/density/basis.h"
#include "kernels/density/dvr.h"

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

void check(const Settings &s, const std::string &family) {
  if (!s.dvr && s.nmax > largest_nmax_gto)
    throw BadSetting(family + " nmax: found " + std::to_string(s.nmax) +
                     " with basis gto, expected an integer from 1 to " + std::to_string(largest_nmax_gto) +
                     ", or basis dvr");
  if (s.width > s.rcut)
    throw BadSetting(family + " width: found " + number_text(s.width) + ", expected a length above 0 and up to Rcut " +
                     number_text(s.rcut));
  // The tables grow with Rcut / sigma.
  if (s.sigma < 0.01 * s.rcut || s.sigma > s.rcut)
    throw BadSetting(family + " sigma: found " + number_text(s.sigma) + ", expected a length from Rcut / 100 to Rcut " +
                     number_text(s.rcut));
}

std::string channel_label(const Settings &s, int channel) {
  return std::to_string(s.neighbors[channel / s.nmax] + 1) + ",n" + std::to_string(channel % s.nmax);
}

std::string species_text(const std::vector<int> &species) {
  std::string text;
  for (int a : species)
    text += (text.empty() ? "" : " ") + std::to_string(a + 1);
  return text;
}

std::unique_ptr<RadialFunctions> radial_functions(const Settings &s, int lmax) {
  if (s.dvr)
    return std::make_unique<Dvr>(s.nmax, lmax, s.rcut, s.sigma);
  return std::make_unique<Basis>(s.nmax, lmax, s.rcut, s.sigma);
}

Neighbours neighbours(const Settings &s) {
  Neighbours n;
  n.rcut = s.rcut;
  n.lmax = s.lmax;
  n.nspecies = s.nspecies;
  n.expanded = s.neighbors;
  n.width = s.width;
  return n;
}

} // namespace dbar::density
