// Solid harmonics r^l Y_lm(r/|r|) and their gradients, for a few vectors at a time.
//
// Y_lm are the real, orthonormal harmonics without the sign (-1)^m of Condon and Shortley:
// Y_lm = sqrt2 N_lm P_l^m(cos t) cos(m p) for m > 0, N_l0 P_l for m = 0, sqrt2 N_l|m| P_l^|m| sin(|m| p)
// for m < 0, N_lm^2 = (2l+1)/4pi (l-m)!/(l+m)!; so Y_1,-1 Y_10 Y_11 are y z x times sqrt(3/4pi). Entry
// l^2 + l + m. Polynomials in x, y, z throughout, so nothing happens at the origin or on the z axis
// (F. Bigi et al., J. Chem. Phys. 159, 064802 (2023), section II).
#pragma once

#include "kernels/density/recursion_tables.h"

#include <cstddef>
#include <vector>

namespace dbar::density {

class Harmonics {
public:
  static constexpr int lanes = 8;
  using Lanes = double[lanes];

  explicit Harmonics(int lmax);

  void evaluate(const Lanes *r, bool gradients); // r[3]

  int size() const { return (lmax_ + 1) * (lmax_ + 1); }
  const double *value(int lm) const { return &value_[lanes * lm]; }                             // [lanes]
  const double *gradient(int c, int lm) const { return &gradient_[lanes * (size() * c + lm)]; } // [lanes]
  std::size_t memory_usage() const;

private:
  void derive(int l, int m);

  int lmax_;
  RecursionTables tables_;
  std::vector<double> level_, below_, above_; // [l (l+1)/2 + m] factors of the harmonics of degree l-1 in a gradient
  std::vector<double> value_, gradient_;
};

} // namespace dbar::density
