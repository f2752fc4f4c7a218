// The coefficients themselves, all or some, in the order of the output.
#pragma once

#include "kernels/density/contraction.h"

#include <vector>

namespace dbar::density {

class Selection : public Contraction {
public:
  // source[K]: which of the coefficients each component is; `coefficients`: how many there are.
  Selection(std::vector<int> source, int coefficients);

  int size() const override { return static_cast<int>(source_.size()); }
  bool linear() const override { return true; }
  void values(const double *c, double *B, double *) const override;
  void strains(const double *c, const double *dc, double *B, double *dB, double *) const override;
  void adjoint(const double *c, const double *theta, double *A, double *) const override;
  Operations operations(Task) const override { return {}; }
  std::size_t memory_usage() const override { return source_.size() * sizeof(int); }

private:
  std::vector<int> source_;
  int coefficients_, lanes_;
};

} // namespace dbar::density
