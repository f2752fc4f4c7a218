#include "files/packet_form.h"

#include "files/eam_table.h"
#include "files/efs_file.h"
#include "kernels/words.h"

#include <map>

namespace dbar {

namespace {

const std::map<std::string, PacketParser> &forms() {
  static const std::map<std::string, PacketParser> all = {
      {"eam/alloy",
       [](const std::string &name, const std::string &text) { return parse_eam_table(name, text, false); }},
      {"eam/fs", [](const std::string &name, const std::string &text) { return parse_eam_table(name, text, true); }},
      {"efs", parse_efs},
  };
  return all;
}

} // namespace

std::vector<std::string> packet_forms() {
  std::vector<std::string> words;
  for (const auto &form : forms())
    words.push_back(form.first);
  return words;
}

PacketParser packet_parser(const std::string &form) {
  const auto at = forms().find(form);
  if (at == forms().end()) {
    std::string known;
    for (const std::string &word : packet_forms())
      known += (known.empty() ? "" : ", ") + word;
    throw BadSetting("form: found '" + shown(form) + "', expected one of: " + known);
  }
  return at->second;
}

} // namespace dbar
