// The matrices u^j(a,b) of a rotation for j = 0..twojmax, and their derivatives.
#pragma once

#include "kernels/bso4/pair.h"
#include "kernels/bso4/tables.h"

namespace dbar::bso4 {

// u^j(ma,mb) = sqrt((j-ma)/(j-mb)) conj(a) u^{j-1}(ma,mb) - sqrt(ma/(j-mb)) conj(b) u^{j-1}(ma-1,mb)
// for the columns 2mb <= j, the others by symmetry (Varshalovich 4.8.2 and 4.4 (2)).
class Wigner {
public:
  explicit Wigner(int twojmax);

  void evaluate(const Rotation &q);   // u
  void derivative(const Rotation &q); // du, after evaluate() of the same rotation

  const Complex &u(int i) const { return u_[i]; } // i = offset(j) + mb (j+1) + ma
  const Complex &du(int c, int i) const { return du_[c][i]; }

private:
  double root(int p, int q) const { return root_[p * (twojmax_ + 1) + q]; } // sqrt(p/q)
  void mirror(int j, std::vector<Complex> &u) const;

  int twojmax_;
  std::vector<double> root_;
  std::vector<Complex> u_, du_[3];
};

} // namespace dbar::bso4
