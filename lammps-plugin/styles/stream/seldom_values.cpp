#include "styles/stream/seldom_values.h"

#include "styles/stream/compute_values.h"

#include "error.h"
#include "input.h"
#include "modify.h"
#include "variable.h"

#include <limits>

using LAMMPS_NS::Compute;
namespace utils = LAMMPS_NS::utils;

namespace dbar {

SeldomValues::SeldomValues(LAMMPS_NS::LAMMPS *lmp, int every, const std::vector<std::string> &names)
    : Pointers(lmp), every_(every) {
  for (const auto &name : names) {
    Value value;
    if (!read(name, value))
      error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: expected c_ID, c_ID[k] or v_NAME", name);
    values_.push_back(value);
  }
}

bool SeldomValues::can_be(const std::string &word) {
  Value unused;
  return read(word, unused);
}

bool SeldomValues::read(const std::string &word, Value &value) {
  if (word.rfind("c_", 0) != 0 && word.rfind("v_", 0) != 0)
    return false;
  value = {word, word.substr(2), word[0] == 'v', 0};
  const auto bracket = value.id.find('[');
  if (bracket != std::string::npos && !value.variable) {
    const std::string index = value.id.substr(bracket + 1);
    if (index.size() < 2 || index.size() > 10 || index.back() != ']')
      return false;
    const std::string digits = index.substr(0, index.size() - 1);
    if (digits.find_first_not_of("0123456789") != std::string::npos || std::stoi(digits) < 1)
      return false;
    value.component = std::stoi(digits);
    value.id.resize(bracket);
  }
  return utils::is_id(value.id);
}

int SeldomValues::find_variable(const Value &value) const {
  const int ivar = input->variable->find(value.id.c_str());
  if (ivar < 0)
    error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: variable {} does not exist", value.word, value.id);
  if (!input->variable->equalstyle(ivar))
    error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: variable {} is not equal-style", value.word, value.id);
  return ivar;
}

Compute *SeldomValues::find_compute(const Value &value) const {
  Compute *compute = modify->get_compute_by_id(value.id);
  if (!compute)
    error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: compute {} does not exist", value.word, value.id);
  if (value.component == 0) {
    if (!compute->scalar_flag)
      error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: compute {} has no global scalar", value.word, value.id);
  } else if (!compute->vector_flag) {
    error->all(FLERR, "Fix dbar/stream: {} of keyword seldom: compute {} has no global vector", value.word, value.id);
  } else if (value.component > compute->size_vector && !compute->size_vector_variable) {
    error->all(FLERR,
               "Fix dbar/stream: {} of keyword seldom: compute {} has a global vector of length {}, expected at least "
               "{}",
               value.word, value.id, compute->size_vector, value.component);
  }
  return compute;
}

void SeldomValues::check() const {
  for (const auto &value : values_) {
    if (value.variable)
      find_variable(value);
    else
      find_compute(value);
  }
}

void SeldomValues::evaluate(std::int64_t number, std::vector<double> &to) const {
  const bool turn = !values_.empty() && number % every_ == 0;
  for (const auto &value : values_)
    to.push_back(turn ? evaluate(value) : std::numeric_limits<double>::quiet_NaN());
}

// Found anew each time: a script may define a compute or variable again before a run with `pre no`.
double SeldomValues::evaluate(const Value &value) const {
  if (value.variable)
    return input->variable->compute_equal(find_variable(value));
  Compute *compute = find_compute(value);
  if (!compute->is_initialized())
    error->all(FLERR,
               "Fix dbar/stream: {} of keyword seldom: no run has set up compute {} since it was defined: use run pre "
               "yes",
               value.word, value.id);
  if (value.component == 0)
    return scalar_of(compute);
  const double *vector = vector_of(compute);
  // one of variable length may be shorter now
  return value.component <= compute->size_vector ? vector[value.component - 1]
                                                 : std::numeric_limits<double>::quiet_NaN();
}

} // namespace dbar
