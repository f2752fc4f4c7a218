// Where a style evaluates a descriptor: the positions of the step or the averages of a fix, and the neighbours there.
#pragma once

#include "engine/own_list.h"

#include "pointers.h"

#include <string>

namespace LAMMPS_NS {
class Compute;
class Fix;
class NeighList;
} // namespace LAMMPS_NS

namespace dbar {

class PositionAverage;

class EvaluationSite : protected LAMMPS_NS::Pointers {
public:
  // `command` begins the messages; the averages are those of the fix, unless `average_id` is empty.
  EvaluationSite(LAMMPS_NS::LAMMPS *lmp, std::string command, std::string average_id)
      : Pointers(lmp), command_(std::move(command)), average_id_(std::move(average_id)) {}

  bool averages() const { return !average_id_.empty(); } // whether positions other than those of the step are used
  // For a compute: finds the fix, checks that ghost atoms reach far enough and asks for a list.
  void init(LAMMPS_NS::Compute *owner, double cutoff);
  // For a fix that evaluates what such a compute defines, which sees to the ghost atoms.
  void init(LAMMPS_NS::Fix *owner, double cutoff);
  // Averaged minus current positions at this step, null if the current positions serve. Raises an error if there is
  // no average at this step.
  double **shift() const;
  // Collective. Brings ghost atoms to where they belong: outside of the force evaluation of a step a fix may have moved
  // the box.
  void move_ghosts();
  // Brings the list up to the present positions.
  void refresh(LAMMPS_NS::NeighList *list);
  void build(LAMMPS_NS::NeighList *list) {
    move_ghosts();
    refresh(list);
  }
  void begin_run() { own_list_.begin_run(); }
  // Number of this rank's atoms that may lack a neighbour within the cutoff at the shifted positions.
  double missed(double **shift) const;
  // Raises an error if the sum of missed() over all ranks is not zero.
  void stop_if(double missed) const;

private:
  void check_ghost_cutoff(double cutoff) const;

  std::string command_, average_id_;
  PositionAverage *average_ = nullptr;
  OwnList own_list_;
};

} // namespace dbar
