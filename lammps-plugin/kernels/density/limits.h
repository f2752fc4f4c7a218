// What the kernels of a density can do.
#pragma once

namespace dbar::density {

// Beyond it the recursion of the harmonics is untested.
constexpr int most_lmax = 12;

} // namespace dbar::density
