#include "kernels/soap/power_spectrum.h"

#include <cmath>

namespace dbar::soap {

PowerSpectrum::PowerSpectrum(int channels, int lmax)
    : channels_(channels), lmax_(lmax), entry_(in_use_or_portable([](auto isa) { return entry(isa); })) {
  for (int l = 0; l <= lmax; ++l)
    norm_.push_back(1.0 / std::sqrt(2.0 * l + 1.0));
  power_ = {channels, lmax, norm_.data()};
}

Operations PowerSpectrum::operations(Task task) const {
  const double harmonics = (lmax_ + 1.0) * (lmax_ + 1.0), pairs = channels_ * (channels_ + 1.0) / 2.0;
  const double values = pairs * harmonics;
  Operations n{};
  n.per_centre = task == Task::value    ? values
                 : task == Task::strain ? 13.0 * values
                                        : channels_ * channels_ * harmonics;
  return n;
}

} // namespace dbar::soap
