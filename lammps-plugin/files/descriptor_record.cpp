#include "files/descriptor_record.h"

#include "kernels/families.h"

#include <sstream>

namespace dbar {

std::unique_ptr<Descriptor> DescriptorRecord::make(int nspecies) const {
  std::vector<std::string> list;
  for (const auto &[word, value] : words) {
    if (word == "family" || word == "rcut") // these have keys of their own
      continue;
    list.push_back(word);
    std::istringstream values(value);
    for (std::string one; values >> one;)
      list.push_back(one);
  }
  return make_descriptor(family, rcut, list, nspecies);
}

DescriptorRecord read_descriptor(JsonReader in, bool types) {
  DescriptorRecord d;
  d.family = in.text("family", "a name");
  d.rcut = in.number("rcut", "a length");
  if (types) {
    d.ntypes = in.integer("ntypes", 1, 1000000);
    d.perspecies = in.flag("perspecies");
  }
  JsonReader words = in.object("words", "an object of texts");
  for (const auto &word : words.keys()) {
    const std::string value = words.text(word);
    if (value.find_first_not_of(" \t\n\r\f\v") == std::string::npos)
      words.reject(word, "\"" + value + "\"", "a text"); // the next word would be taken for its value
    if (!types && (word == "family" || word == "rcut"))
      words.reject(word, "it", "only keywords of the family: " + word + " has a key of its own");
    d.words.emplace_back(word, value);
  }
  in.finish();
  return d;
}

} // namespace dbar
