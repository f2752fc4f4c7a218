#include "kernels/bso4/bispectrum.h"

namespace dbar::bso4 {

Family family() {
  const auto make = [](double rcut, Words &words, int nspecies) {
    const Settings settings = read_settings(rcut, words, nspecies);
    auto vectors = make_lane_kernel(settings);
    return vectors ? std::move(vectors) : make_reference(settings);
  };
  return {make, keywords};
}

} // namespace dbar::bso4
