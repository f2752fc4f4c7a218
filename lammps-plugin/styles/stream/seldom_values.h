// Values that are dear to compute, evaluated at every M-th snapshot only.
#pragma once

#include "pointers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {
class Compute;
}

namespace dbar {

class SeldomValues : protected LAMMPS_NS::Pointers {
public:
  SeldomValues(LAMMPS_NS::LAMMPS *lmp, int every, const std::vector<std::string> &names);
  // Whether a word has the form of such a value: c_ID, c_ID[k] or v_NAME.
  static bool can_be(const std::string &word);
  void check() const; // raises a LAMMPS error for a compute or variable that is missing or of another kind
  // Collective. Adds the values of the current step, or NaN if it is not the turn of the snapshot with this number
  // (the first is 0). Needs Modify::clearstep_compute() before.
  void evaluate(std::int64_t number, std::vector<double> &to) const;

private:
  struct Value {
    std::string word, id;
    bool variable;
    int component; // of the global vector of a compute, from 1; 0: its global scalar
  };
  static bool read(const std::string &word, Value &value);
  int find_variable(const Value &value) const;
  LAMMPS_NS::Compute *find_compute(const Value &value) const;
  double evaluate(const Value &value) const;

  int every_;
  std::vector<Value> values_;
};

} // namespace dbar
