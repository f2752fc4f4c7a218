#include "files/descriptor_record.h"

namespace dbar {

DescriptorRecord read_descriptor(const std::string &where, const Json &json) {
  JsonReader in(where + ": descriptor", json);
  DescriptorRecord d;
  d.family = in.text("family");
  d.rcut = in.number("rcut");
  d.ntypes = in.integer("ntypes", 1, 1000000);
  d.perspecies = in.flag("perspecies");
  JsonReader words(where + ": descriptor: words", in.get("words"));
  for (const auto &item : in.get("words").items())
    d.words.emplace_back(item.key(), words.text(item.key()));
  in.finish();
  return d;
}

} // namespace dbar
