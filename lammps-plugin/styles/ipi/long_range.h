// A long-range solver in a box that a program outside LAMMPS changes.
#pragma once

#include "pointers.h"

#include <array>

namespace dbar {

class LongRange : protected LAMMPS_NS::Pointers {
public:
  // `anew`: choose grid and splitting, and with them the pair style, for each new box.
  LongRange(LAMMPS_NS::LAMMPS *lmp, bool anew) : Pointers(lmp), anew_(anew) {}

  // In init() of a run: LAMMPS has just chosen them for the present box.
  void begin_run();
  // Collective. After the box may have changed, before forces. Warns once a run of a box that is another.
  void follow_box();

private:
  using Box = std::array<double, 6>;
  Box box() const;
  void choose_anew();

  bool anew_, warned_ = false;
  Box chosen_{}, present_{}; // for which grid and splitting were chosen; for which the solver is set up
};

} // namespace dbar
