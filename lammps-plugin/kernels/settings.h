// A family's table of keywords, from which words are read, settings described and the keywords listed.
#pragma once

#include "kernels/family.h"

#include <utility>

namespace dbar {

// What follows a keyword: one value, or a list, even of one.
namespace kind {
constexpr const char *integer = "integer", *number = "number", *flag = "flag"; // flag: yes or no
constexpr const char *word = "word";                                           // one of some
constexpr const char *per_species = "per_species";                             // a number for each species
constexpr const char *species = "species";                                     // some of the species, from 1
constexpr const char *numbers = "numbers";                                     // as many as the keyword says, or none
constexpr const char *basis = "basis";                                         // a word, or the content of a file
constexpr const char *components = "components"; // numbers from 1, or one word of labels with ; between them, or none
} // namespace kind

template <class Settings> struct Setting {
  const char *keyword;
  const char *kind;
  void (*read)(Settings &, Words &);
  std::string (*write)(const Settings &); // as read() would have it
};

template <class Table, class Settings> void read_words(const Table &table, Words &words, Settings &settings) {
  while (words.next()) {
    std::string known;
    bool found = false;
    for (const auto &row : table) {
      known += (known.empty() ? "" : ", ") + std::string(row.keyword);
      if (words.keyword() == row.keyword) {
        row.read(settings, words);
        found = true;
        break;
      }
    }
    if (!found)
      words.unknown(known);
  }
}

template <class Table, class Settings>
std::vector<std::pair<std::string, std::string>> describe(const Table &table, const char *family,
                                                          const Settings &settings) {
  std::vector<std::pair<std::string, std::string>> all = {{"family", family}, {"rcut", digits17(settings.rcut)}};
  for (const auto &row : table)
    all.emplace_back(row.keyword, row.write(settings));
  return all;
}

template <class Table, class Settings> std::vector<Keyword> keywords(const Table &table, const Settings &defaults) {
  std::vector<Keyword> all;
  for (const auto &row : table)
    all.push_back({row.keyword, row.kind, row.write(defaults)});
  return all;
}

} // namespace dbar
