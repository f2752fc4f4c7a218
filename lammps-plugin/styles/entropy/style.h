// compute ID all dbar/entropy COMPUTE-ID FILE keyword values ...
#pragma once

#include "runtime/bridge.h"

#include "compute.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dbar {
class EntropySession;
}

namespace LAMMPS_NS {

class ComputeDbar;

class ComputeDbarEntropy : public Compute {
public:
  ComputeDbarEntropy(class LAMMPS *, int, char **);
  ~ComputeDbarEntropy() override;
  void init() override;
  double compute_scalar() override;
  void compute_vector() override;
  double memory_usage() override;

private:
  void read_words(int narg, char **arg);
  void connect();
  std::string settings_json() const;
  void evaluate();
  void count_atoms();
  void measure_spread();
  double largest_force() const;

  std::string compute_id_, file_;
  double temperature_ = 0.0; // 0: that of the model
  double force_ = -1.0;      // 0: any, below 0: the default
  ComputeDbar *compute_ = nullptr;
  std::unique_ptr<dbar::EntropySession> session_;
  std::vector<std::int64_t> counts_; // of each type
  dbar_configuration now_ = {};
};

} // namespace LAMMPS_NS
