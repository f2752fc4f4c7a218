// Makes and owns the tables of a Plan.
#pragma once

#include "kernels/bso4/lanes/plan.h"
#include "kernels/bso4/settings.h"
#include "kernels/bso4/tables.h"

#include <array>
#include <memory>
#include <mutex>

namespace dbar::bso4 {

// Place of (ma,mb) in a half matrix: row by row, elements of half_weight zero left out.
constexpr int half_index(int j, int ma, int mb) {
  const int wide = j / 2 + 1; // length of the rows; of those below the middle one less if j is even
  const int shortened = j % 2 == 0 && 2 * ma > j ? ma - j / 2 - 1 : 0;
  return ma * wide - shortened + mb;
}

struct LayoutTables {
  std::vector<int> first, summed, at, count;
  std::vector<std::array<int, KINDS>> kind;
  Layout view{};
};
void make_layout(LayoutTables &tables, int twojmax, bool strain);

struct StrainTables {
  std::vector<StrainOutput> output;
  std::vector<Term> term;
  std::vector<double> value_part;
};
void make_strain(StrainTables &tables, int twojmax, const Layout &plain, const Layout &layout);

struct UnfoldTables {
  std::vector<Output> unfold, fold;
  std::vector<Term> unfold_term, fold_term;
  std::vector<int> half_at;
};
void make_unfold(UnfoldTables &tables, int twojmax, const Layout &plain);

struct CouplingTables {
  std::vector<UnitRange> range;
  std::vector<Unit> unit;
  std::vector<ColumnPair> column_pair;
  std::vector<int> z_at;
  std::vector<double> ca, cb;
  std::vector<int> cb_block; // the block that each of cb belongs to
  std::vector<Group> group;
  std::vector<BlockPlan> block;
  Couplings view{};
};
// An adjoint adds theta_k factor Z of every block into one matrix per target, instead of keeping
// the blocks apart; theta and factor come later, by scale_couplings().
void make_couplings(CouplingTables &tables, const std::vector<Block> &blocks, const std::vector<int> &half_at,
                    bool adjoint);
// The cb of an adjoint for one theta.
void scale_couplings(const CouplingTables &tables, const std::vector<Block> &blocks, const double *theta,
                     std::vector<double> &cb);

std::size_t memory_usage(const CouplingTables &tables);

class Tables {
public:
  explicit Tables(const Settings &settings);
  Tables(const Tables &) = delete;
  Tables &operator=(const Tables &) = delete;

  const Plan &plan() const { return plan_; }
  const std::vector<Block> &blocks() const { return blocks_; }
  const CouplingTables &adjoint() const; // made when first asked for, by any thread
  std::size_t memory_usage() const;

private:
  void radial(const Settings &settings);
  void descent();

  std::vector<Block> blocks_;
  std::vector<double> rcutsq_, scale_, weight_;
  std::vector<double> chi_first_, chi_alpha_, chi_beta_, chi_lower_, chi_upper_, kappa_;
  density::RecursionTables harmonics_;
  LayoutTables plain_, strained_;
  StrainTables strain_;
  UnfoldTables unfold_;
  CouplingTables value_couplings_, strain_couplings_;
  mutable CouplingTables adjoint_;
  mutable std::once_flag adjoint_made_;
  Plan plan_{};
};

} // namespace dbar::bso4
