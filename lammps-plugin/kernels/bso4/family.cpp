#include "family.h"

namespace dbar::bso4 {

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  return make_fast(read_settings(rcut, words, nspecies));
}

} // namespace dbar::bso4
