#include "kernels/bso4/family.h"

namespace dbar::bso4 {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  const Settings settings = read_settings(rcut, words, nspecies);
  auto vectors = make_lane_kernel(settings);
  return vectors ? std::move(vectors) : make_reference(settings);
}

} // namespace dbar::bso4
