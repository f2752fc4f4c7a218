// The variance that is at rest in given forces.
#pragma once

#include <algorithm>
#include <cmath>

namespace dbar::gpp {

// Isothermal: where s d<V>/ds = 3/2 kT. Isentropic: where s^2 d<V>/ds = 3/2 kTs, with kTs = C/m the atom's share of
// phase space, which stays as it is.
enum class Ensemble { isothermal, isentropic };

// The next variance, at most a factor of two away. `heat` is kT, or kTs.
inline double next_variance(Ensemble ensemble, double heat, double s, double by_s) {
  if (!(by_s > 0.0)) // nothing holds the packet
    return 2.0 * s;
  const double goal = 1.5 * heat / by_s;
  return std::clamp(ensemble == Ensemble::isothermal ? goal : std::sqrt(goal), 0.5 * s, 2.0 * s);
}

// How far from rest, as part of s.
inline double residual(double s, double next) {
  return std::fabs(next / s - 1.0);
}

} // namespace dbar::gpp
