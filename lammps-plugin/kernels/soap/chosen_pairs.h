// Order 2, some components only.
#pragma once

#include "kernels/density/contraction.h"
#include "kernels/soap/lanes/chosen.h"

#include <array>
#include <vector>

namespace dbar::soap {

class ChosenPairs : public density::Contraction {
public:
  // Of each component its two channels, Q <= Q', and its degree.
  ChosenPairs(int channels, int lmax, const std::vector<std::array<int, 3>> &components);

  int size() const override { return static_cast<int>(product_.size()); }
  int degree() const override { return 2; }
  void values(const double *c, double *B, double *) const override { entry_.values(chosen_, c, B); }
  void strains(const double *c, const double *dc, double *B, double *dB, double *) const override {
    entry_.strains(chosen_, c, dc, B, dB);
  }
  void adjoint(const double *c, const double *theta, double *A, double *) const override {
    entry_.adjoint(chosen_, c, theta, A);
  }
  Operations operations(Task task) const override;
  std::size_t memory_usage() const override { return product_.size() * sizeof(Product); }

private:
  std::vector<Product> product_;
  Chosen chosen_;
  const ChosenEntry &entry_;
};

} // namespace dbar::soap
