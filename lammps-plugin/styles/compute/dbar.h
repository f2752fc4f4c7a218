// compute ID group dbar FAMILY Rcut keyword values ...
#pragma once

#include "files/descriptor_record.h"

#include "compute.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar {
class ChunkRows;
class Descriptor;
class DescriptorSums;
class EvaluationSite;
} // namespace dbar

namespace LAMMPS_NS {

class ComputeDbar : public Compute {
public:
  ComputeDbar(class LAMMPS *, int, char **);
  ~ComputeDbar() override;
  void init() override;
  void compute_vector() override;
  void compute_array() override;
  double memory_usage() override;

  // Global sums at the current positions plus `shift` (null: none), on every rank. Collective.
  // D: [size()], V: [size()][6] or null. Returns the number of atoms that all ranks own together.
  // Raises an error where a neighbour may be missing. The same reduction gives the rows of `chunks`, which have been
  // assigned at this step and are as wide as D and V; then D and V are what they add up to.
  bigint evaluate(double **shift, double *D, double *V, dbar::ChunkRows *chunks = nullptr);

  int size() const { return size_vector; }
  const dbar::Descriptor &descriptor() const { return *descriptor_; }
  const std::string &family() const { return family_; }
  double rcut() const { return rcut_; }
  bool perspecies() const { return perspecies_; }
  bool averages() const;                                    // whether positions other than those of the step are used
  std::unique_ptr<dbar::DescriptorSums> local_sums() const; // those of this rank alone, to be placed by the caller
  bool has_virial() const { return virial_; }
  dbar::DescriptorRecord record() const; // what files for this compute must say
  // Settings as JSON: family, cutoff, every keyword of the family, perspecies, virial, ntypes.
  std::string settings_json() const;

protected:
  // What follows the keyword chunk, empty if it is absent; ComputeDbarChunk has the array then.
  const std::string &chunk_id() const { return chunk_id_; }

  std::unique_ptr<dbar::DescriptorSums> local_; // of this rank
  std::unique_ptr<dbar::EvaluationSite> site_;

private:
  void refresh();

  std::unique_ptr<dbar::Descriptor> descriptor_;
  std::string family_, chunk_id_;
  double rcut_;
  bool virial_ = false, perspecies_ = false;
  std::vector<double> sums_; // what one Allreduce carries
};

} // namespace LAMMPS_NS
