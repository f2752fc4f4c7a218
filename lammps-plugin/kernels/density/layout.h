// Moments in memory. Plain, as it is compiled for several instruction sets.
#pragma once

namespace dbar::density {

// For each degree L and each of its 2L+1 harmonics the functions that meet it.
struct Layout {
  int largest;       // harmonics up to this L
  int functions;     // number of functions that are summed
  int moments;       // number of all moments
  const int *first;  // [L] first function that is summed
  const int *summed; // [L] number of them
  const int *at;     // [L] first moment
  const int *count;  // [L] number of all functions
};

} // namespace dbar::density
