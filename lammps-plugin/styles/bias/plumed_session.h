// One PLUMED that biases collective variables which LAMMPS computed. No MPI: for one rank.
#pragma once

#include "styles/bias/plumed.h"

#include <array>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace dbar {

struct PlumedSettings {
  std::string input, log;
  std::vector<std::string> names;              // of the collective variables
  std::string units;                           // style of LAMMPS's units
  double angstrom = 1.0, femtosecond = 1.0;    // in LAMMPS's units
  double timestep = 0.0, thermal_energy = 0.0; // LAMMPS units; no temperature: 0
  bool restart = false;
};

class PlumedSession {
public:
  // Reads the input file. Throws std::runtime_error with PLUMED's message, or that says which name nobody computes.
  explicit PlumedSession(const PlumedSettings &settings);
  ~PlumedSession(); // PLUMED writes what it writes at the end, as DUMPGRID without STRIDE
  PlumedSession(const PlumedSession &) = delete;
  PlumedSession &operator=(const PlumedSession &) = delete;

  // Names that the input file does not use.
  const std::vector<std::string> &unused() const { return unused_; }

  // Rows are the edges of the cell, in LAMMPS's lengths.
  using Cell = std::array<double, 9>;
  // Begins a step; true if a collective variable is needed.
  bool prepare(long long step, const Cell &cell);
  // Of the step begun: writes force[n] = -dB/ds of the bias B(value[n]), in LAMMPS's energy unit, and returns B. With
  // `update` PLUMED also goes on: deposits hills, writes files. *stop becomes true when PLUMED asks for the end.
  double calculate(const double *value, bool update, double *force, bool *stop);

private:
  double perform(const char *how);
  void calibrate();

  Plumed plumed_;
  std::string input_;
  Cell cell_{};
  std::vector<std::string> names_, unused_;
  std::vector<double> value_, force_; // one more than names: the probe
  // PLUMED is told of one atom, as grids of PLUMED 2.11 die where there is none (its pull request 1432), and of that
  // one nothing is known: an action that uses it gives nan.
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  double mass_ = unknown, charge_ = unknown, position_[3] = {unknown, unknown, unknown};
  double atom_force_[3] = {}, virial_[9] = {};
  long long step_ = -1; // none yet
  int stop_ = 0;
  double force_unit_ = 0.0; // LAMMPS's energy units in that of PLUMED's forces; 0: not known yet
};

} // namespace dbar
