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

// What PLUMED calls atoms in its input, as "GYRATION ATOMS=1-5"; empty if the action has none of it.
std::string atoms_of(const std::string &action, const std::vector<std::string> &words) {
  if (action == "DUMPMASSCHARGE")
    return action;
  for (const auto &word : words)
    for (const char *key : {"ATOM", "GROUP", "SPECIES", "ENTITY", "ENDPOINTS", "RESIDUES"})
      if (word.rfind(key, 0) == 0 && word.find('=') != std::string::npos)
        return action + " " + word;
  return "";
}

struct Found : PlumedInput {
  bool kde = false, dumped_at_the_end = false; // a grid
};

void look(const std::string &action, const std::vector<std::string> &words, Found &found) {
  const std::string atoms = atoms_of(action, words);
  if (!atoms.empty() && found.refused.empty())
    found.refused = atoms +
                    " asks for atoms, expected actions on collective variables and the cell alone: fix plumed of "
                    "LAMMPS can have those of atoms beside this fix";
  found.kde = found.kde || action == "KDE";
  found.dumped_at_the_end = found.dumped_at_the_end || (action == "DUMPGRID" && value_of(words, "STRIDE").empty());
}

void collect(const std::string &path, int depth, Found &found) {
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error("PLUMED input file " + path + " cannot be read");
  std::vector<std::string> words;
  while (next_action(in, words)) {
    if (words.front() == "ENDPLUMED")
      return;
    const bool labelled = words.front().back() == ':' && words.size() > 1;
    const std::string action = words[labelled ? 1 : 0];
    look(action, words, found);
    if (action == "EXTRACV")
      found.variables.push_back(value_of(words, "NAME"));
    else if (action == "INCLUDE" && depth < deepest_include)
      collect(value_of(words, "FILE"), depth + 1, found);
  }
}

} // namespace

PlumedInput read_plumed_input(const std::string &path) {
  Found found;
  collect(path, 0, found);
  auto &names = found.variables;
  names.erase(std::remove(names.begin(), names.end(), ""), names.end()); // PLUMED will complain
  if (found.kde && found.dumped_at_the_end && found.refused.empty())
    found.refused =
        "DUMPGRID without STRIDE beside KDE, on which PLUMED 2.11 dies at the end, expected DUMPGRID ... STRIDE=N";
  return found;
}

} // namespace dbar
