#include "styles/bias/plumed_input.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace dbar {

namespace {

constexpr int deepest_include = 20;

// Words of the next action: without comments, lines between `ACTION ...` and `...` joined. False at the end.
bool next_action(std::istream &in, std::vector<std::string> &words) {
  words.clear();
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    std::istringstream text(line.substr(0, line.find('#')));
    std::vector<std::string> more;
    for (std::string word; text >> word;)
      more.push_back(word);
    if (inside && !more.empty() && more.front() == "...") // the end; the action may be named again
      return true;
    const bool opens = !inside && more.size() > 1 && more.back() == "...";
    if (opens)
      more.pop_back();
    words.insert(words.end(), more.begin(), more.end());
    inside = inside || opens;
    if (!inside && !words.empty())
      return true;
  }
  return !words.empty();
}

std::string value_of(const std::vector<std::string> &words, const std::string &key) {
  for (const auto &word : words)
    if (word.rfind(key + "=", 0) == 0)
      return word.substr(key.size() + 1);
  return "";
}

void collect(const std::string &path, int depth, std::vector<std::string> &names) {
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error("PLUMED input file " + path + " cannot be read");
  std::vector<std::string> words;
  while (next_action(in, words)) {
    if (words.front() == "ENDPLUMED")
      return;
    const bool labelled = words.front().back() == ':' && words.size() > 1;
    const std::string action = words[labelled ? 1 : 0];
    if (action == "EXTRACV")
      names.push_back(value_of(words, "NAME"));
    else if (action == "INCLUDE" && depth < deepest_include)
      collect(value_of(words, "FILE"), depth + 1, names);
  }
}

} // namespace

std::vector<std::string> extra_cv_names(const std::string &path) {
  std::vector<std::string> names;
  collect(path, 0, names);
  names.erase(std::remove(names.begin(), names.end(), ""), names.end()); // PLUMED will complain
  return names;
}

} // namespace dbar
