// pair_style dbar/gpp T FORM keyword value ...
// pair_coeff * * FILE El1 El2 ...
//
// Atoms are Gaussian packets. The variances are solved for inside each compute(), so that to all of LAMMPS the free
// energy is an ordinary potential of the positions, which are the means: forces at variances at rest are its exact
// derivatives.
#pragma once

#include "kernels/gpp/fixed_point.h"
#include "kernels/gpp/packets.h"
#include "styles/gpp/options.h"

#include "pair.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class PairDbarGpp : public Pair {
public:
  PairDbarGpp(class LAMMPS *);
  ~PairDbarGpp() override;
  void settings(int, char **) override;
  void coeff(int, char **) override;
  void init_style() override;
  double init_one(int, int) override;
  void compute(int, int) override;
  int pack_forward_comm(int, int *, double *, int, int *) override;
  void unpack_forward_comm(int, int, double *) override;
  int pack_reverse_comm(int, int, double *) override;
  void unpack_reverse_comm(int, int *, double *) override;
  double memory_usage() override;

private:
  enum Carried { variances, embedded, sums, by_variances }; // what communication carries
  struct Place;                                             // of a pair

  void allocate();
  void make_packets(dbar::gpp::Form form);
  void find_variances();
  void begin_variances();
  void solve();
  void add_up();           // the sums of each atom and what follows of its <F>
  void differentiate();    // by_s_
  double next_variances(); // into next_; the worst residual of this rank
  std::string worst_atom(double residual) const;
  std::string too_wide() const; // a message, empty if no density scatters too much
  double add_forces();          // the sum of the mean pair potentials
  void add_free_energy(double pairs);
  template <class Use> void for_each_pair(Use use);
  void communicate(Carried what);
  double kT(int i) const; // of an atom

  dbar::GppOptions options_;
  std::unique_ptr<dbar::gpp::Packets> packets_;
  std::vector<const dbar::gpp::PacketTable *>
      tables_;           // [type][type] of a neighbour of the second at an atom of the first
  bool checked_ = false; // the lists of this run

  // of owned and ghost atoms
  double *s_ = nullptr, *kept_ = nullptr; // variances; kT s, if isentropic
  std::vector<dbar::gpp::Sums> sums_;
  std::vector<dbar::gpp::Embedded> sites_;
  std::vector<double> by_s_, next_;
  Carried carried_ = variances;
  std::string failure_; // of this rank, in the pass that goes on
  bool capped_ = false; // a variance wants to be above smax
  int passes_ = 0;
  double residual_ = 0.0;
};

} // namespace LAMMPS_NS
