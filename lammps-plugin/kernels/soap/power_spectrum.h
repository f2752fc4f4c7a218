// Order 2: what one gets by two neighbours.
#pragma once

#include "kernels/density/contraction.h"
#include "kernels/soap/lanes/plan.h"

#include <vector>

namespace dbar::soap {

class PowerSpectrum : public density::Contraction {
public:
  PowerSpectrum(int channels, int lmax);

  int size() const override { return channels_ * (channels_ + 1) / 2 * (lmax_ + 1); }
  int degree() const override { return 2; }
  void values(const double *c, double *B, double *) const override { entry_.values(power_, c, B); }
  void strains(const double *c, const double *dc, double *B, double *dB, double *) const override {
    entry_.strains(power_, c, dc, B, dB);
  }
  void adjoint(const double *c, const double *theta, double *A, double *) const override {
    entry_.adjoint(power_, c, theta, A);
  }
  Operations operations(Task task) const override;
  std::size_t memory_usage() const override { return norm_.size() * sizeof(double); }

private:
  int channels_, lmax_;
  std::vector<double> norm_;
  Power power_;
  const Entry &entry_;
};

} // namespace dbar::soap
