// What the implementations of the SO(4) bispectrum, in the convention of SNAP, have in common.
#pragma once

#include "kernels/bso4/settings.h"
#include "kernels/bso4/tables.h"
#include "kernels/descriptor.h"

namespace dbar::bso4 {

class Bispectrum : public Descriptor {
public:
  explicit Bispectrum(const Settings &settings)
      : s_(settings), list_(components(settings.twojmax, settings.diagonal)) {}

  int size() const override { return static_cast<int>(list_.size()); }
  std::vector<std::string> labels() const override { return bso4::labels(list_); }
  int nspecies() const override { return s_.nspecies; }
  double cutoff() const override { return s_.cutoff(); }
  double cutoff(int ti, int tj) const override { return s_.cutoff(ti, tj); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

protected:
  // What `bzero` takes from component k: its value for an atom without neighbours.
  double isolated(int k) const { return s_.bzero ? list_[k].j + 1.0 : 0.0; }

  Settings s_;
  std::vector<Component> list_;
};

// One centre and one neighbour at a time.
std::unique_ptr<Descriptor> make_reference(const Settings &settings);

// Vector kernels of the instruction set in use; null if that is reference.
std::unique_ptr<Descriptor> make_lane_kernel(const Settings &settings);

} // namespace dbar::bso4
