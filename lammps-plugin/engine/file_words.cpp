#include "engine/file_words.h"

#include "engine/raise_together.h"
#include "engine/shared_text.h"
#include "files/word_file.h"
#include "kernels/families.h"

namespace dbar {

namespace {

std::vector<Keyword> keywords_of(const std::string &family) {
  for (const auto &[name, each] : families())
    if (name == family)
      return each.keywords();
  return {}; // an error of who makes the descriptor
}

} // namespace

void read_file_words(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &command, const std::string &family,
                     std::vector<std::string> &words) {
  for (const Keyword &keyword : keywords_of(family))
    for (std::size_t k = 0; k + 1 < words.size(); ++k) {
      std::string &value = words[k + 1];
      if (words[k] != keyword.name || !names_file(keyword.kind, value))
        continue;
      const std::string what = family + " " + keyword.name + " ";
      const std::string text = shared_text(error, world, command + ": " + what, value);
      run_together(error, world, command, [&] { value = word_of_file(keyword.kind, what + value, text); });
    }
}

} // namespace dbar
