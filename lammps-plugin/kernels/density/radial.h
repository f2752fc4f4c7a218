// Radial functions of a density of neighbours, as splines and kernels take them.
#pragma once

#include <memory>

namespace dbar::density {

class OptimalBasis;

struct Radial {
  double rcut = 0.0;
  int nmax = 4; // radial functions n = 0 ... nmax-1
  int lmax = 3; // angular momenta l = 0 ... lmax
  double sigma = 0.5;
  double width = 0.5; // of the cutoff function
  double accuracy = 1e-10;
  bool dvr = false;                            // values on shells, not Gaussian-type orbitals
  std::shared_ptr<const OptimalBasis> optimal; // sums of such functions that fit some data, or null
};

// Functions of u = sqrt(r^2 + shift^2), n = 0 ... count() - 1 of each degree. There may be several sets of them.
class RadialFunctions {
public:
  virtual ~RadialFunctions() = default;

  virtual int count() const = 0;
  virtual int sets() const { return 1; }
  virtual int degrees() const = 0; // 1 if those of all l are the same
  virtual double shift() const = 0;
  // With the factor r^l taken out, unless all l share them.
  bool solid() const { return degrees() > 1 || shift() > 0.0; }
  // out[3][sets()][count()]: f, df/du, d2f/du2.
  virtual void evaluate(int l, double u, double *out) const = 0;
};

} // namespace dbar::density
