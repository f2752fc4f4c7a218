#include "kernels/density/entry.h"

namespace dbar::density {

const Entry &entry_in_use() {
  return in_use_or_portable([](auto isa) { return entry(isa); });
}

} // namespace dbar::density
