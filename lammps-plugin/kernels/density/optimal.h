// Radial functions that fit some data: sums I_q(r) = sum_n U_qn I_n(r) of those of a primitive basis, for each species
// of a neighbour and, if they are told apart, of a centre (A. Goscinski et al., J. Chem. Phys. 155, 104106 (2021),
// section II). As text they are one word, so that they go wherever words of a descriptor go:
//
//   dbar-basis/1,CHECK,RCUT,SIGMA,gto|dvr,NMAX,LMAX,QMAX,SPECIES,mixed|separate,each|one,NUMBERS...
//
// with the numbers of matrices()[block][a][l][q][n], and CHECK, sixteen hexadecimal digits of everything behind it.
#pragma once

#include "kernels/density/radial.h"

#include <string>
#include <vector>

namespace dbar::density {

class OptimalBasis {
public:
  // What a file says. Throws BadSetting for what cannot be.
  struct Content {
    double rcut = 0.0, sigma = 0.0;
    bool dvr = false;
    int nmax = 0, lmax = 0, qmax = 0, species = 1;
    bool mixed = false;           // functions of all species feed the same coefficients
    bool each = false;            // the species of a centre has functions of its own
    std::vector<double> matrices; // [blocks][species][lmax + 1][qmax][nmax]

    int blocks() const { return each ? species : 1; }
    std::size_t numbers() const { return static_cast<std::size_t>(blocks()) * species * (lmax + 1) * qmax * nmax; }
  };

  static constexpr const char *schema = "dbar-basis/1";

  explicit OptimalBasis(Content content);
  static OptimalBasis of_word(const std::string &word);
  // Whether a word begins as one of these.
  static bool is_word(const std::string &word);

  const Content &content() const { return content_; }
  const std::string &word() const { return word_; }

private:
  Content content_;
  std::string word_;
};

// The first `count` functions of each degree, a set for each block and species, block by block.
class Contracted : public RadialFunctions {
public:
  Contracted(std::shared_ptr<const OptimalBasis> basis, int count, int lmax);

  int count() const override { return count_; }
  int sets() const override { return basis_->content().blocks() * basis_->content().species; }
  int degrees() const override { return primitive_->degrees(); }
  double shift() const override { return primitive_->shift(); }
  void evaluate(int l, double u, double *out) const override;

private:
  std::shared_ptr<const OptimalBasis> basis_;
  int count_;
  std::unique_ptr<RadialFunctions> primitive_;
};

std::unique_ptr<RadialFunctions> primitive_functions(bool dvr, int nmax, int lmax, double rcut, double sigma);

} // namespace dbar::density
