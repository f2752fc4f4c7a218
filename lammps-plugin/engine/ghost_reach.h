// Whether the ghost atoms that are there reach far enough for all neighbours of owned atoms.
#pragma once

#include "pointers.h"

namespace dbar {

// LAMMPS chose the ghosts when it last made neighbour lists: every atom, in every image, that then lay no further than
// a distance c, in the direction of each pair of faces, from the part of the box that a rank owned. Since then atoms
// have moved by at most u and images by at most b (the box may have changed); owned atoms may lie outside of that part
// by e. Who is now within r of an owned atom was then within r + u + b + e of the part: c must be as large.
class GhostReach : protected LAMMPS_NS::Pointers {
public:
  explicit GhostReach(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}

  // Before a run: raises an error, which `command` begins, if ghosts are not chosen by one distance for all atoms, or
  // by one that cannot be enough.
  void check_settings(const char *command, double cutoff);

  // Of this rank, at the positions plus `shift` (null: none).
  struct Moved {
    double atoms = 0.0, images = 0.0, outside = 0.0;
  };
  Moved moved(double **shift) const;
  double there() const; // c

private:
  struct Box { // origin and edge vectors
    double origin[3], edge[3][3];
  };
  Box now() const;
  Box held() const;
  double outside(double **shift, const Box &held) const;

  bool distances_checked_ = false; // at the beginning of the run
};

} // namespace dbar
