// Thermodynamic values stored beside every snapshot: thermo keywords (temp, pxx, ...) and v_name
// variables.
#pragma once

#include "pointers.h"

namespace LAMMPS_NS {
class Compute;
}

namespace dbar {

class Observables : protected LAMMPS_NS::Pointers {
public:
  Observables(LAMMPS_NS::LAMMPS *lmp, std::vector<std::string> names);
  const std::vector<std::string> &names() const { return names_; }
  void check() const; // raises a LAMMPS error for a variable that does not exist
  // Collective; values of the current step, on every rank. Energies are those of the whole system.
  const std::vector<double> &evaluate();

  static std::vector<std::string> defaults();

private:
  bool normalised() const;
  double keyword(const std::string &name);
  bool direct(const std::string &name, double &value) const;
  // Found anew each time: a script may take them away before a run with `pre no`.
  int find_variable(const std::string &name) const;
  LAMMPS_NS::Compute *find_compute(const char *id, const std::string &name) const;

  std::vector<std::string> names_;
  std::vector<double> values_;
};

} // namespace dbar
