#include "styles/stream/observables.h"

#include "engine/lammps_extras.h"
#include "styles/stream/compute_values.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "input.h"
#include "library.h"
#include "modify.h"
#include "output.h"
#include "variable.h"

#include <algorithm>
#include <array>

namespace {

// Thermo keywords that LAMMPS divides by the number of atoms where `thermo_modify norm yes` is in force, the default in
// lj units: its energies. Those of dbar.store.units.
bool is_energy(const std::string &name) {
  static const std::array<const char *, 16> energies = {"pe",    "ke",       "etotal",  "evdwl",    "ecoul", "epair",
                                                        "ebond", "eangle",   "edihed",  "eimp",     "emol",  "elong",
                                                        "etail", "enthalpy", "ecouple", "econserve"};
  return std::find(energies.begin(), energies.end(), name) != energies.end();
}

} // namespace

namespace dbar {

Observables::Observables(LAMMPS_NS::LAMMPS *lmp, std::vector<std::string> names)
    : Pointers(lmp), names_(std::move(names)), values_(names_.size()) {}

std::vector<std::string> Observables::defaults() {
  return {"temp", "pe", "press", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol", "lx", "ly", "lz"};
}

void Observables::check() const {
  for (const auto &name : names_)
    if (name.rfind("v_", 0) == 0)
      find_variable(name);
}

int Observables::find_variable(const std::string &name) const {
  const int ivar = input->variable->find(name.c_str() + 2);
  if (ivar < 0)
    error->all(FLERR, "Fix dbar/stream: variable {} of keyword thermo does not exist", name);
  if (!input->variable->equalstyle(ivar))
    error->all(FLERR, "Fix dbar/stream: variable {} of keyword thermo is not equal-style", name);
  return ivar;
}

// One of the computes that LAMMPS always has, unless a script takes it away.
LAMMPS_NS::Compute *Observables::find_compute(const char *id, const std::string &name) const {
  LAMMPS_NS::Compute *compute = modify->get_compute_by_id(id);
  if (!compute || !compute->is_initialized())
    error->all(FLERR, "Fix dbar/stream: {} of keyword thermo needs compute {}, which {}", name, id,
               compute ? "no run has set up since it was defined: use run pre yes" : "does not exist");
  return compute;
}

// The common quantities straight from the computes that LAMMPS always has: the thermo keywords work
// only while the user's thermo_style prints them, and may be normalised per atom.
bool Observables::direct(const std::string &name, double &value) const {
  static const std::array<const char *, 6> stress = {"pxx", "pyy", "pzz", "pxy", "pxz", "pyz"};
  const auto component = std::find(stress.begin(), stress.end(), name) - stress.begin();
  if (component < 6) {
    value = vector_of(find_compute("thermo_press", name))[component];
  } else if (name == "press") {
    value = scalar_of(find_compute("thermo_press", name));
  } else if (name == "temp") {
    value = scalar_of(find_compute("thermo_temp", name));
  } else if (name == "pe") {
    value = scalar_of(find_compute("thermo_pe", name));
  } else if (name == "vol") {
    value = domain->xprd * domain->yprd * (domain->dimension == 3 ? domain->zprd : 1.0);
  } else if (name == "lx" || name == "ly" || name == "lz") {
    value = domain->prd[name[1] - 'x'];
  } else {
    return false;
  }
  return true;
}

// Whether thermo keywords give energies per atom. LAMMPS tells since 2025; before, the potential energy does.
bool Observables::normalised() const {
  const int told = lammps_extract_setting(lmp, "thermo_norm");
  if (told >= 0)
    return told == 1;
  double shown = 0.0;
  const double whole = scalar_of(find_compute("thermo_pe", "pe"));
  if (atom->natoms < 2)
    return false; // it is the same
  if (whole == 0.0 || output->thermo->evaluate_keyword("pe", &shown) != 0)
    error->all(FLERR, "Fix dbar/stream: keyword thermo: with no potential energy this LAMMPS does not tell whether "
                      "thermo_modify norm is in force; use temp and variables instead of energies");
  return shown != whole;
}

// Of the whole system, as all energies in a store.
double Observables::keyword(const std::string &name) {
  // what thermostats took: LAMMPS 2024 divides it by nothing, whatever is in force
  if (name == "ecouple")
    return modify->energy_couple();
  if (name == "econserve")
    return keyword("etotal") + keyword("ecouple");
  double value = 0.0;
  if (output->thermo->evaluate_keyword(name, &value))
    error->all(FLERR,
               "Fix dbar/stream: word {} of keyword thermo is neither a thermo keyword (temp, "
               "pe, pxx, lx, ...) "
               "nor an equal-style variable v_name",
               name);
  return is_energy(name) && normalised() ? value * static_cast<double>(atom->natoms) : value;
}

const std::vector<double> &Observables::evaluate() {
  for (std::size_t k = 0; k < names_.size(); ++k) {
    const auto &name = names_[k];
    if (name.rfind("v_", 0) == 0)
      values_[k] = input->variable->compute_equal(find_variable(name));
    else if (!direct(name, values_[k]))
      values_[k] = keyword(name);
  }
  return values_;
}

} // namespace dbar
