// Where a style evaluates a descriptor: the positions of the step or the averages of a fix, with all neighbours there.
#pragma once

#include "engine/ghost_reach.h"

#include "pointers.h"

#include <optional>
#include <string>

namespace dbar {

class DescriptorSums;
class PositionAverage;

class EvaluationSite : protected LAMMPS_NS::Pointers {
public:
  // `command` begins the messages; the averages are those of the fix, unless `average_id` is empty.
  EvaluationSite(LAMMPS_NS::LAMMPS *lmp, std::string command, std::string average_id)
      : Pointers(lmp), command_(std::move(command)), average_id_(std::move(average_id)), ghosts_(lmp) {}

  bool averages() const { return !average_id_.empty(); } // whether positions other than those of the step are used
  // Before a run: finds the fix, and looks whether ghost atoms can reach far enough.
  void init(double cutoff);
  // Averaged minus current positions at this step, null if the current positions serve. Nothing, with a warning, where
  // an average is missing in midst of others: values are NaN then. Raises an error if none is made at such steps.
  std::optional<double **> shift() const;
  // Collective. Brings ghost atoms to where they belong: outside of the force evaluation of a step a fix may have moved
  // the box.
  void move_ghosts();
  // Collective. Places the sums at the present positions plus `shift`. Raises an error if a neighbour may be missing
  // there, or an atom has no position.
  void place(DescriptorSums &sums, double **shift) const;

private:
  std::string command_, average_id_;
  PositionAverage *average_ = nullptr;
  GhostReach ghosts_;
  double cutoff_ = 0.0;
};

} // namespace dbar
