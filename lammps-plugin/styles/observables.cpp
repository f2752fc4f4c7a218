#include "observables.h"

#include "error.h"
#include "input.h"
#include "lammps_extras.h"
#include "output.h"
#include "variable.h"

namespace dbar {

Observables::Observables(LAMMPS_NS::LAMMPS *lmp, std::vector<std::string> names)
    : Pointers(lmp), names_(std::move(names)), values_(names_.size()) {}

std::vector<std::string> Observables::defaults() {
  return {"temp", "pe", "press", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol", "lx", "ly", "lz"};
}

void Observables::check() const {
  for (const auto &name : names_) {
    if (name.rfind("v_", 0) != 0)
      continue;
    const int ivar = input->variable->find(name.c_str() + 2);
    if (ivar < 0)
      error->all(FLERR, "Fix dbar/stream: variable {} of keyword thermo does not exist", name);
    if (!input->variable->equalstyle(ivar))
      error->all(FLERR, "Fix dbar/stream: variable {} of keyword thermo is not equal-style", name);
  }
}

const std::vector<double> &Observables::evaluate() {
  for (std::size_t k = 0; k < names_.size(); ++k) {
    const auto &name = names_[k];
    if (name.rfind("v_", 0) == 0) {
      values_[k] = input->variable->compute_equal(input->variable->find(name.c_str() + 2));
    } else if (output->thermo->evaluate_keyword(name, &values_[k])) {
      error->all(FLERR,
                 "Fix dbar/stream: word {} of keyword thermo is neither a thermo keyword (temp, "
                 "pe, pxx, lx, ...) "
                 "nor an equal-style variable v_name",
                 name);
    }
  }
  return values_;
}

} // namespace dbar
