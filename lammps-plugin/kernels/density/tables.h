// Makes and owns the tables of a Plan.
#pragma once

#include "kernels/density/lanes/plan.h"
#include "kernels/density/radial.h"
#include "kernels/density/spline_table.h"

#include <array>
#include <string>
#include <vector>

namespace dbar::density {

// What neighbours are, besides their radial functions.
struct Neighbours {
  double rcut = 0.0;
  int lmax = 0;
  int nspecies = 1;
  std::vector<int> expanded;    // species that count as neighbours, each for itself, from 0, ascending
  std::vector<double> together; // or all of them as one, with these weights
  bool mixed = false;           // those that count feed the same coefficients, each by functions of its own
  std::vector<int> set;         // [nspecies][nspecies] functions of a centre's and a neighbour's species; empty: one
  double width = 0.0;           // of the cutoff function; 0: there is none
  double c = 0.0, r0 = 1.0, m = 1.0; // weight c / (c + (r / r0)^m) of a distance; c 0: there is none
  double centre = 0.0;               // weight of the centre's own Gaussian
};

class Tables {
public:
  // accuracy: of the splines, see there.
  Tables(const Neighbours &neighbours, const RadialFunctions &functions, double accuracy, const std::string &family);
  Tables(const Tables &) = delete;
  Tables &operator=(const Tables &) = delete;

  const Plan &plan() const { return plan_; }
  const SplineTable &splines() const { return splines_; }
  int coefficients() const { return (plan_.lmax + 1) * (plan_.lmax + 1) * plan_.slots * plan_.nmax; }
  // Where c_Qlm is among them, m = -l ... l.
  int place(int q, int l, int m) const;
  std::size_t memory_usage() const;
  Operations operations(Task task) const; // without what is done with the coefficients

private:
  void harmonics();
  void layouts();
  void strain();

  SplineTable splines_;
  RecursionTables recursion_;
  std::vector<int> slot_of_, set_;
  std::vector<double> weight_;
  std::vector<double> level_, below_, above_, same_part_, own_;
  std::vector<int> first_[2], summed_[2], at_[2], count_[2]; // of value and of strained
  std::vector<std::array<int, KINDS>> kind_;
  std::vector<StrainOutput> output_;
  std::vector<StrainTerm> term_;
  Plan plan_{};
};

} // namespace dbar::density
