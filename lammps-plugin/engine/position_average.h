// What `compute dbar ... average FIX-ID` needs from a fix that averages positions.
#pragma once

#include "lmptype.h"

namespace dbar {

class PositionAverage {
public:
  // True if an average ends on this step.
  virtual bool average_ready(LAMMPS_NS::bigint step) const = 0;
  // True if the fix has had its turn on this step: what is not ready now will not be.
  virtual bool average_was_due(LAMMPS_NS::bigint step) const = 0;
  // True if an average has ended on any step so far.
  virtual bool average_was_made() const = 0;
  // Averaged minus current position of owned and ghost atoms.
  virtual double **average_displacement() = 0;
  // Steps between averages.
  virtual int average_every() const = 0;

protected:
  ~PositionAverage() = default; // fixes are not destroyed through this
};

} // namespace dbar
