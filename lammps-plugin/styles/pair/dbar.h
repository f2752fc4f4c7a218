// pair_style dbar
// pair_coeff * * model.json El1 El2 ...
#pragma once

#include "engine/ghost_forces.h"

#include "pair.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar {
class Descriptor;
class DescriptorSums;
struct PotentialModel;
} // namespace dbar

namespace LAMMPS_NS {

class PairDbar : public Pair {
public:
  PairDbar(class LAMMPS *);
  ~PairDbar() override;
  void settings(int, char **) override;
  void coeff(int, char **) override;
  void init_style() override;
  double init_one(int, int) override;
  void compute(int, int) override;
  int pack_reverse_comm(int, int, double *) override;
  void unpack_reverse_comm(int, int *, double *) override;
  double memory_usage() override;

private:
  void allocate();
  void use(const dbar::PotentialModel &model, const std::string &file);
  dbar::DescriptorSums &sums();
  void clear_ghost_virials();
  void add_constants();

  std::unique_ptr<dbar::Descriptor> descriptor_;
  std::unique_ptr<dbar::DescriptorSums> local_; // of this rank, null until sums() is called
  std::vector<int> species_;                    // [ntypes] of the descriptor, -1: not seen
  std::vector<double> constants_;               // [species] energy of an atom apart from the descriptor
  std::vector<double> theta_;                   // one block per species
  dbar::GhostForces ghosts_;
  bool carry_virial_ = false; // what the reverse communication carries: forces, or virials of atoms
};

} // namespace LAMMPS_NS
