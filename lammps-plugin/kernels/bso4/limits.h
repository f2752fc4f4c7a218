// Bounds that files of several instruction sets share: constants alone.
#pragma once

namespace dbar::bso4 {

// The tables grow with the fifth power of twojmax: at 20 they are a few MB.
constexpr int most_twojmax = 20;

// In squared cutoffs. A closer pair has no direction: it is taken for an atom and its own image of zero distance and
// passed over, as SNAP implementations do.
constexpr double nearest_squared = 1e-20;

} // namespace dbar::bso4
