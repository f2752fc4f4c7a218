// Potentials between packets, of any form that there is.
#pragma once

#include "kernels/gpp/form.h"

#include <string>
#include <vector>

namespace dbar {

using PacketParser = gpp::Form (*)(const std::string &name, const std::string &text);

std::vector<std::string> packet_forms(); // words of pair_style dbar/gpp
// What reads the text of a file of this form; `name` begins its messages. Both throw BadSetting.
PacketParser packet_parser(const std::string &form);

} // namespace dbar
