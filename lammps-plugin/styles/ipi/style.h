// fix ID group dbar/ipi COMPUTE-ID address port keyword values ...
#pragma once

#include "engine/cv_set.h"
#include "styles/ipi/atom_placement.h"
#include "styles/ipi/long_range.h"
#include "styles/ipi/options.h"
#include "styles/ipi/socket.h"

#include "fix.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class FixDbarIpi : public Fix {
public:
  FixDbarIpi(class LAMMPS *, int, char **);
  ~FixDbarIpi() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void initial_integrate(int) override;
  void final_integrate() override;
  void post_run() override;
  double compute_scalar() override { return static_cast<double>(answered_); }
  double memory_usage() override;

private:
  // A number that travels in the extras under its name. Collective; D: the newest sums.
  struct NamedScalar {
    std::string name;
    std::function<double(const std::vector<double> &D)> value;
  };

  void add_variable(const std::string &name);
  void add_scalar(NamedScalar scalar);
  class ComputeDbar *find_compute() const;
  void check_count() const;
  template <class Part> bool on_socket(Part part);
  void connect();
  void next_structure();
  void receive();
  std::string extras();
  void gather_forces();
  void end_run(const std::string &why);

  dbar::IpiOptions options_;
  class ComputeDbar *compute_ = nullptr;
  class Compute *energy_, *pressure_; // of this fix
  std::vector<NamedScalar> scalars_;
  std::unique_ptr<dbar::CvSet> cvs_;

  dbar::IpiSocket socket_; // open on rank 0 alone
  bool connected_ = false; // on all ranks
  bool pending_ = false;   // a structure has come and is not answered yet
  bool ended_ = false;     // this run
  bigint answered_ = 0;
  dbar::AtomPlacement placement_;
  dbar::LongRange long_range_;
  std::array<double, 9> cell_;    // atomic units
  std::vector<double> positions_; // [3 natoms], as they came, atomic units
  std::vector<double> D_, V_;
  dbar::IpiResult result_;
};

} // namespace LAMMPS_NS
