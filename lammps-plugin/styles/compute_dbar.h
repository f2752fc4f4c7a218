// compute ID group dbar FAMILY Rcut keyword values ...
#pragma once

#include "compute.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar {
class Descriptor;
class Neighbourhoods;
class PositionAverage;
} // namespace dbar

namespace LAMMPS_NS {

class ComputeDbar : public Compute {
public:
  ComputeDbar(class LAMMPS *, int, char **);
  ~ComputeDbar() override;
  void init() override;
  void init_list(int, class NeighList *) override;
  void compute_vector() override;
  void compute_array() override;
  double memory_usage() override;

  // Global sums at the current positions plus `shift` (null: none), on every rank. Collective.
  // D: [size()], V: [size()][6] or null. Returns the number of atoms that all ranks own together.
  // Raises an error when a neighbour may have been missed.
  bigint evaluate(double **shift, double *D, double *V);

  int size() const { return size_vector; }
  bool has_virial() const { return virial_; }
  // Settings as JSON: family, cutoff, every keyword of the family, perspecies, virial, ntypes.
  std::string settings_json() const;

private:
  void refresh();
  void check_ghost_cutoff();
  void rebuild_list();
  void accumulate(double **shift, double *D, double *V);
  void accumulate_part(int part, int nparts, double **shift, double *D, double *V);
  double missed_atoms(double **shift);

  struct Worker { // one per thread
    std::unique_ptr<dbar::Descriptor> descriptor;
    std::unique_ptr<dbar::Neighbourhoods> neighbourhoods;
    std::vector<double> sums;
  };

  std::unique_ptr<dbar::Descriptor> descriptor_;
  std::vector<Worker> workers_;
  class NeighList *list_ = nullptr;
  std::string family_, average_id_;
  double rcut_;
  bool virial_ = false, perspecies_ = false;
  dbar::PositionAverage *average_ = nullptr;
  std::vector<double> sums_; // what one Allreduce carries
};

} // namespace LAMMPS_NS
