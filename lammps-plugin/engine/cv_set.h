// Collective variables of the sums that a compute dbar defines: their values, and the forces of a function of them.
#pragma once

#include "files/cv_file.h"

#include "pointers.h"

#include <memory>
#include <string>
#include <vector>

namespace dbar {

class DescriptorSums;

class CvSet : protected LAMMPS_NS::Pointers {
public:
  // Collective: rank 0 reads the files. `run`: what the compute has. Raises a LAMMPS error, which `command` begins, if
  // one does not fit the compute.
  CvSet(LAMMPS_NS::LAMMPS *lmp, std::string command, const std::vector<std::string> &files,
        const DescriptorRecord &run);
  ~CvSet() override;

  int size() const { return static_cast<int>(cvs_.size()); }
  const std::vector<CvFile> &files() const { return cvs_; }

  // Collective. Before a run: the compute may be another one by now, which must fit as well.
  void check(const DescriptorRecord &run) const;
  // The sums of the compute and its group. Their positions must be placed before evaluate() and add_forces().
  void begin_run(std::unique_ptr<DescriptorSums> sums, int groupbit);
  DescriptorSums &sums() { return *sums_; }

  // Of variable i, from sums that the caller has; raises a LAMMPS error if it is not finite.
  double value(int i, const double *D, double *gradient = nullptr) const;
  // Collective, one reduction: value[size()], and inside the derivatives for add_forces().
  void evaluate(std::vector<double> &value);
  // Of the sizes of what adds up to variable i at the last evaluate(): its rounding is a small part of that.
  double summed(int i) const;
  // Adds the forces sum_i weight[i] ds_i/dx to f of owned and ghost atoms, and their virial. No communication. Throws
  // std::runtime_error with the step where something is not finite, before LAMMPS moves an atom by it.
  void add_forces(const std::vector<double> &weight, double factor, double (*f)[3], double *virial);

  double memory_usage() const;

private:
  std::string command_;
  std::vector<CvFile> cvs_;
  std::unique_ptr<DescriptorSums> sums_;
  int groupbit_ = 1;
  std::vector<double> D_, theta_;             // [n]
  std::vector<std::vector<double>> gradient_; // [size()][n] ds/dD
};

} // namespace dbar
