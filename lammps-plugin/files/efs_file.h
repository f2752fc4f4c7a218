// Extended Finnis-Sinclair potentials of one element: JSON, schema dbar-efs/1.
#pragma once

#include "kernels/gpp/form.h"

#include <string>

namespace dbar {

// E = 1/2 sum V(r) - A sum sqrt(rho), V = (r - c)^2 (c0 + c1 r + ... + c4 r^4) for r < c, density
// (r - d)^2 + B^2 (r - d)^4 for r < d (X. D. Dai, Y. Kong, J. H. Li, B. X. Liu, J. Phys.: Condens. Matter, 2006).
// `name` begins the messages. Throws BadSetting that names the key, the value and what was expected.
gpp::Form parse_efs(const std::string &name, const std::string &text);

} // namespace dbar
