// compute ID group dbar/atom/novelty MODEL.json keyword values ...
#pragma once

#include "compute.h"

#include <memory>

namespace dbar {
class Descriptor;
class DescriptorSums;
struct NoveltyFile;
class EvaluationSite;
} // namespace dbar

namespace LAMMPS_NS {

class ComputeDbarAtomNovelty : public Compute {
public:
  ComputeDbarAtomNovelty(class LAMMPS *, int, char **);
  ~ComputeDbarAtomNovelty() override;
  void init() override;
  void compute_peratom() override;
  double memory_usage() override;

private:
  void make_room();

  std::unique_ptr<dbar::NoveltyFile> file_;
  std::unique_ptr<dbar::Descriptor> descriptor_;
  std::unique_ptr<dbar::EvaluationSite> site_;
  std::unique_ptr<dbar::DescriptorSums> local_; // of this rank
  int nmax_ = 0;                                // length of vector_atom
};

} // namespace LAMMPS_NS
