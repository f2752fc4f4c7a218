#include "styles/bias/plumed_session.h"

#include "styles/bias/plumed_input.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace dbar {

namespace {

constexpr const char *probe = "dbar_probe";
constexpr double avogadro = 6.02214076e23;

// Energy units of LAMMPS's unit styles in kJ/mol; eV, kcal/mol and Hartree as PLUMED has them, so that
// `UNITS ENERGY=eV` in its input is LAMMPS's own unit to the last digit.
double energy_unit(const std::string &style) {
  static const std::map<std::string, double> known = {
      {"real", 4.184},           {"metal", 96.48530749925792}, {"electron", 2625.499638},  {"si", 1e-3 * avogadro},
      {"cgs", 1e-10 * avogadro}, {"micro", 1e-18 * avogadro},  {"nano", 1e-24 * avogadro},
  };
  const auto found = known.find(style);
  if (found == known.end())
    throw std::runtime_error("units " + style + " have no counterpart in PLUMED");
  return found->second;
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed(const std::vector<std::string> &names) {
  std::string all;
  for (const auto &name : names)
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

} // namespace

PlumedSession::PlumedSession(const PlumedSettings &s)
    : input_(s.input), names_(s.names), value_(s.names.size() + 1, 0.0), force_(s.names.size() + 1, 0.0) {
  const PlumedInput input = read_plumed_input(s.input);
  const auto &asked = input.variables;
  if (!input.refused.empty())
    throw std::runtime_error(s.input + ": " + input.refused);
  for (const auto &name : asked)
    if (!contains(names_, name))
      throw std::runtime_error(s.input + ": EXTRACV NAME=" + name + ": no such collective variable, expected " +
                               listed(names_));
  for (const auto &name : names_)
    if (!contains(asked, name))
      unused_.push_back(name);

  const std::string folder = s.log.substr(0, s.log.find_last_of('/') + 1); // PLUMED would go on without its log
  if (access(folder.empty() ? "." : folder.c_str(), W_OK) != 0)
    throw std::runtime_error("keyword out: " + s.log + " cannot be written");

  const int one_atom = 1, restart = s.restart;
  plumed_.cmd("setMDEngine", "LAMMPS");
  if (s.units == "lj") {
    plumed_.cmd("setNaturalUnits");
  } else {
    const double energy = energy_unit(s.units), length = 0.1 / s.angstrom, time = 0.001 / s.femtosecond;
    plumed_.cmd("setMDEnergyUnits", &energy);
    plumed_.cmd("setMDLengthUnits", &length);
    plumed_.cmd("setMDTimeUnits", &time);
  }
  plumed_.cmd("setNatoms", &one_atom);
  plumed_.cmd("setTimestep", &s.timestep);
  if (s.thermal_energy > 0.0)
    plumed_.cmd("setKbT", &s.thermal_energy);
  plumed_.cmd("setRestart", &restart);
  plumed_.cmd("setLogFile", s.log.c_str());
  plumed_.cmd("setPlumedDat", s.input.c_str());
  plumed_.cmd("init");

  // PLUMED gives the force on such a variable in its own energy unit, which UNITS in the input may choose, but the bias
  // in ours: a bias whose value is that of a variable of our own tells the ratio. It stays at zero afterwards.
  plumed_.cmd("readInputLine", (std::string(probe) + ": EXTRACV NAME=" + probe).c_str());
  plumed_.cmd("readInputLine", (std::string(probe) + "_bias: BIASVALUE ARG=" + probe).c_str());
}

PlumedSession::~PlumedSession() {
  if (step_ < 0)
    return;
  try {
    plumed_.cmd("runFinalJobs");
  } catch (const std::exception &e) {
    std::fprintf(stderr, "Fix dbar/plumed: %s: at the end: %s\n", input_.c_str(), e.what());
  }
}

bool PlumedSession::prepare(long long step, const Cell &cell) {
  step_ = step;
  cell_ = cell;
  stop_ = 0;
  plumed_.cmd("setStepLongLong", &step_);
  plumed_.cmd("setStopFlag", &stop_);
  plumed_.cmd("setBox", cell_.data());
  plumed_.cmd("setMasses", &mass_);
  plumed_.cmd("setCharges", &charge_);
  plumed_.cmd("setPositions", position_);
  plumed_.cmd("setForces", atom_force_);
  plumed_.cmd("setVirial", virial_);
  for (std::size_t i = 0; i < value_.size(); ++i) {
    const std::string name = i < names_.size() ? names_[i] : probe;
    plumed_.cmd("setExtraCV " + name, &value_[i]);
    plumed_.cmd("setExtraCVForce " + name, &force_[i]);
  }
  plumed_.cmd("prepareCalc");
  int energy = 0;
  plumed_.cmd("isEnergyNeeded", &energy);
  if (energy)
    throw std::runtime_error(input_ + ": at step " + std::to_string(step_) +
                             " PLUMED asks for the energy (ENERGY), which this fix does not give it");
  bool needed = false;
  for (const auto &name : names_) {
    int answer = 0;
    plumed_.cmd("isExtraCVNeeded " + name, &answer);
    needed = needed || answer != 0;
  }
  return needed;
}

double PlumedSession::perform(const char *how) {
  std::fill(force_.begin(), force_.end(), 0.0); // PLUMED adds to them
  std::fill_n(virial_, 9, 0.0);
  plumed_.cmd(how);
  double bias = 0.0;
  plumed_.cmd("getBias", &bias);
  if (!std::isfinite(bias))
    throw std::runtime_error(input_ + ": at step " + std::to_string(step_) + " the bias of PLUMED is " +
                             std::to_string(bias) + ", expected a finite number (it knows nothing of atoms here)");
  if (std::any_of(virial_, virial_ + 9, [](double w) { return w != 0.0; }))
    throw std::runtime_error(input_ + ": at step " + std::to_string(step_) +
                             " PLUMED biases the cell (VOLUME, CELL), expected biases on collective variables alone");
  return bias;
}

// PLUMED may be asked any number of times about one step as long as it is not told to go on.
void PlumedSession::calibrate() {
  const double without = perform("performCalcNoUpdate");
  prepare(step_, cell_);
  const double step = std::max(1.0, std::abs(without)); // beside a large bias a small one would be rounding
  value_.back() = step;
  const double with = perform("performCalcNoUpdate");
  force_unit_ = -(with - without) / step / force_.back();
  value_.back() = 0.0;
  if (!(std::isfinite(force_unit_) && force_unit_ > 0.0))
    throw std::runtime_error("PLUMED gave a bias that is not finite");
  prepare(step_, cell_);
}

double PlumedSession::calculate(const double *value, bool update, double *force, bool *stop) {
  std::copy_n(value, names_.size(), value_.begin());
  if (force_unit_ == 0.0)
    calibrate();
  const double bias = perform(update ? "performCalc" : "performCalcNoUpdate");
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (force[i] = force_unit_ * force_[i]; !std::isfinite(force[i]))
      throw std::runtime_error(input_ + ": at step " + std::to_string(step_) + " the force of PLUMED on " + names_[i] +
                               " is " + std::to_string(force[i]) + ", expected a finite number");
  *stop = stop_ != 0;
  return bias;
}

} // namespace dbar
