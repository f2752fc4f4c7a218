// A family whose functions are made of the coefficients of each centre: what all such families share.
#pragma once

#include "kernels/density/contraction.h"
#include "kernels/density/tables.h"
#include "kernels/isa/aligned_memory.h"
#include "kernels/isa/isa.h"

#include <memory>
#include <vector>

namespace dbar::density {

class Kernel : public Descriptor {
public:
  int size() const override { return contraction_->size(); }
  int nspecies() const override { return plan_.species; }
  double cutoff() const override { return plan_.splines.rcut; }
  double cutoff(int, int tj) const override { return plan_.slot_of[tj] < 0 ? 0.0 : cutoff(); }
  void accumulate(const Batch &batch, double *D, double *V) override;
  void per_centre(const Batch &batch, double *B) override;
  void gradient(const Batch &batch, const double *theta, double (*grad)[3], double *energy) override;
  void gradient_of_each(const Batch &batch, const ThetaOf &theta_of, double (*grad)[3]) override;
  std::size_t memory_usage() const override;
  Operations operations(Task task) const override;
  SplineErrors splines() const override { return tables_->splines().errors(); }
  const char *instruction_set() const override { return vector_isa(); }

protected:
  // Both are shared by clones.
  Kernel(std::shared_ptr<const Tables> tables, std::shared_ptr<const Contraction> contraction);

  std::shared_ptr<const Tables> tables_;
  std::shared_ptr<const Contraction> contraction_;

private:
  void prepare(const Batch &batch, bool strain);
  void clear_moments(bool strain);
  void of_group(const Batch &batch, int begin, bool strain);
  double *take(std::size_t vectors) { return memory_.take(vectors * entry_.lanes); }
  double lane_sum(const double *x) const;
  void add_sums(double *D, double *V) const;
  void energies(double *sums);

  const Entry &entry_;
  const Plan &plan_;
  AlignedMemory memory_;
  Work work_{};
  std::vector<int> order_, count_;
  double *B_ = nullptr, *dB_ = nullptr, *theta_ = nullptr, *A_ = nullptr; // [K], [K][6], [K], as c
  double *scratch_ = nullptr;                                             // of the contraction
};

} // namespace dbar::density
