// What a family makes of the coefficients of a centre. Numbers are in vectors of the kernel's width, a lane for each of
// the centres that are worked on together; memory is aligned.
#pragma once

#include "kernels/descriptor.h"

namespace dbar::density {

class Contraction {
public:
  virtual ~Contraction() = default;

  virtual int size() const = 0;                 // K
  virtual bool linear() const { return false; } // then the sum over centres may be formed before
  // B are homogeneous polynomials of this degree in c; 0 if they are none, or if nobody has said.
  virtual int degree() const { return linear() ? 1 : 0; }
  virtual std::size_t scratch() const { return 0; } // vectors that the functions below may write to
  // Adds to B[K].
  virtual void values(const double *c, double *B, double *scratch) const = 0;
  // Adds to B[K] and to their derivatives dB[K][6] by what dc[6] are derivatives by.
  virtual void strains(const double *c, const double *dc, double *B, double *dB, double *scratch) const = 0;
  // Adds d(theta.B)/dc to A; theta[K].
  virtual void adjoint(const double *c, const double *theta, double *A, double *scratch) const = 0;
  virtual Operations operations(Task task) const = 0; // per centre
  virtual std::size_t memory_usage() const = 0;
};

} // namespace dbar::density
