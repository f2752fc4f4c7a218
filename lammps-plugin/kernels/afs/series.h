// Pairs of neighbours by the multiples of their angle, from sums over neighbours one by one.
#pragma once

#include "kernels/afs/lanes/plan.h"
#include "kernels/density/contraction.h"

#include <vector>

namespace dbar::afs {

class FourierSeries : public density::Contraction {
public:
  FourierSeries(int nmax, int lmax);

  int size() const override { return nmax_ * (lmax_ + 1); }
  int degree() const override { return 2; }
  void values(const double *c, double *B, double *) const override { entry_.values(series_, c, B); }
  void strains(const double *c, const double *dc, double *B, double *dB, double *) const override {
    entry_.strains(series_, c, dc, B, dB);
  }
  void adjoint(const double *c, const double *theta, double *A, double *) const override {
    entry_.adjoint(series_, c, theta, A);
  }
  Operations operations(Task task) const override;
  std::size_t memory_usage() const override { return chebyshev_.size() * sizeof(double); }

private:
  int nmax_, lmax_;
  std::vector<double> chebyshev_;
  Series series_;
  const Entry &entry_;
};

// cos(l theta) = sum_l' t_ll' P_l'(cos theta): [lmax + 1][lmax + 1].
std::vector<double> chebyshev_by_legendre(int lmax);

} // namespace dbar::afs
