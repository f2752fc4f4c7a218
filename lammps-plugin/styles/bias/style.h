// fix ID group dbar/plumed COMPUTE-ID plumed.dat keyword values ...
#pragma once

#include "engine/evaluation_site.h"
#include "engine/ghost_forces.h"
#include "styles/bias/options.h"
#include "styles/bias/plumed_session.h"

#include "fix.h"

#include <memory>
#include <vector>

namespace dbar {
class CvSet;
} // namespace dbar

namespace LAMMPS_NS {

class FixDbarPlumed : public Fix {
public:
  FixDbarPlumed(class LAMMPS *, int, char **);
  ~FixDbarPlumed() override;

  int setmask() override;
  void init() override;
  // Forces are added where LAMMPS will bring those of ghosts home; but where the group of the compute is dynamic, when
  // its members of the step are known.
  void setup_pre_reverse(int, int vflag) override {
    if (!dynamic_)
      begin_run(vflag);
  }
  void pre_reverse(int, int vflag) override {
    if (!dynamic_)
      act(vflag);
  }
  void min_pre_reverse(int, int vflag) override {
    if (!dynamic_)
      minimizer_step(vflag);
  }
  void setup(int vflag) override {
    if (dynamic_)
      begin_run(vflag);
  }
  void min_setup(int vflag) override {
    if (dynamic_)
      begin_run(vflag);
  }
  void post_force(int vflag) override {
    if (dynamic_)
      act(vflag);
  }
  void min_post_force(int vflag) override {
    if (dynamic_)
      minimizer_step(vflag);
  }
  void post_run() override;
  double compute_scalar() override { return answer_.bias; }
  double compute_vector(int) override;
  double memory_usage() override;

  int pack_reverse_comm(int n, int first, double *buf) override { return ghosts_.pack(n, first, buf); }
  void unpack_reverse_comm(int n, int *list, double *buf) override { ghosts_.unpack(n, list, buf); }

  void write_restart(FILE *) override;
  void restart(char *) override;

private:
  // What PLUMED said at a step about the collective variables.
  struct Answer {
    bigint step = -1;
    double bias = 0.0;
    std::vector<double> value, force; // s, and -dB/ds
  };

  class ComputeDbar *find_compute() const;
  void find_members();
  void start_plumed();
  void begin_run(int vflag);
  void act(int vflag);
  void minimizer_step(int vflag);
  bool values_continue(const Answer &earlier) const;
  void begin_step(int vflag);
  dbar::PlumedSession::Cell cell() const;
  bool ask();
  void evaluate();
  void calculate(bool update_plumed);
  void add_forces(double factor);

  dbar::PlumedOptions options_;
  std::unique_ptr<dbar::CvSet> cvs_;
  class ComputeDbar *compute_ = nullptr;
  std::unique_ptr<dbar::PlumedSession> plumed_; // on rank 0
  dbar::EvaluationSite site_;
  dbar::GhostForces ghosts_;

  Answer answer_;
  bool dynamic_ = false; // the group of the compute
  bool started_ = false, restarted_ = false, running_ = false;
  double timestep_ = 0.0;
  bigint forces_step_ = -1;  // the step that the positions of the last force evaluation belong to
  bigint value_step_ = -1;   // the step of answer_.value
  bigint updated_step_ = -1; // the last step at which PLUMED went on
  bigint evaluations_ = 0, gradients_ = 0;
};

} // namespace LAMMPS_NS
