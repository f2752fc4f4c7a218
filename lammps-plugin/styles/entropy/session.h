// The Python side of a compute dbar/entropy as seen from all ranks: rank 0 talks to Python, every rank learns the
// answer.
#pragma once

#include "runtime/bridge.h"

#include "pointers.h"

#include <array>
#include <string>

namespace dbar {

using EntropyValues = std::array<double, dbar_nentropy>;

class EntropySession : protected LAMMPS_NS::Pointers {
public:
  EntropySession(LAMMPS_NS::LAMMPS *lmp, std::string command) : Pointers(lmp), command_(std::move(command)) {}
  ~EntropySession() override { close(); }

  // Collective, as evaluate(): an exception on rank 0 is an error on all. Nothing happens if it is open with these
  // settings already.
  void open(std::string settings_json);
  EntropyValues evaluate(const dbar_configuration &configuration);

private:
  void close(); // local; never raises

  std::string command_, settings_;
  void *session_ = nullptr; // rank 0
};

} // namespace dbar
