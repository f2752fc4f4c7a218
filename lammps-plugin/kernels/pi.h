// The number pi, of which this is the only place.
#pragma once

namespace dbar {

constexpr long double long_pi = 3.14159265358979323846264338327950288L;
constexpr double pi = static_cast<double>(long_pi);

} // namespace dbar
