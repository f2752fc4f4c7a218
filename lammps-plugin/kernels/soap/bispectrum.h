// Order 3: what one gets by three neighbours.
#pragma once

#include "kernels/density/contraction.h"
#include "kernels/soap/lanes/triples.h"

#include <array>
#include <string>
#include <vector>

namespace dbar::soap {

// Degrees and channels of a component, (l1, Q1) <= (l2, Q2) <= (l3, Q3).
using Three = std::array<std::array<int, 2>, 3>;

// All of them in this order, which fulfil the triangle rule and have an even l1 + l2 + l3; with `odd` also those with
// an odd one that do not vanish.
std::vector<Three> components(int channels, int lmax, bool odd);
double count(int channels, int lmax, bool odd); // of them

class Bispectrum : public density::Contraction {
public:
  Bispectrum(int channels, int lmax, const std::vector<Three> &components);

  int size() const override { return size_; }
  int degree() const override { return 3; }
  std::size_t scratch() const override { return scratch_; }
  void values(const double *c, double *B, double *scratch) const override { entry_.values(triples_, c, B, scratch); }
  void strains(const double *c, const double *dc, double *B, double *dB, double *scratch) const override {
    entry_.strains(triples_, c, dc, B, dB, scratch);
  }
  void adjoint(const double *c, const double *theta, double *A, double *scratch) const override {
    entry_.adjoint(triples_, c, theta, A, scratch);
  }
  Operations operations(Task task) const override;
  std::size_t memory_usage() const override;

private:
  void add_triple(const std::vector<Three> &components, const std::vector<int> &list);
  std::vector<int> add_pairing(const std::vector<Three> &mine, int i, int j, int &scratch, Pairing &pairing);

  int channels_, size_;
  std::vector<Triple> triple_;
  std::vector<int> bound_;
  std::vector<Element> element_;
  std::vector<ChannelRun> run_;
  std::vector<ComponentRun> component_;
  std::size_t scratch_ = 0;
  Triples triples_{};
  const TripleEntry &entry_;
};

} // namespace dbar::soap
