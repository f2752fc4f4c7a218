// A number for a user to type: a little more than what is needed, in few digits. No unit has a say in it.
#pragma once

#include "utils.h"

#include <cmath>
#include <string>

namespace dbar {

inline std::string round_up(double needed) {
  if (!(needed > 0.0))
    return "0";
  const double unit = std::pow(10.0, std::floor(std::log10(needed)) - 2.0); // three digits
  return fmt::format("{:.3g}", std::ceil(needed / unit * (1.0 - 1e-12)) * unit);
}

} // namespace dbar
