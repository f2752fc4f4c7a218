// Walks over the keywords of a command and their values; errors name the command, the keyword and the value.
#pragma once

#include "error.h"
#include "pointers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace dbar {

class CommandWords {
public:
  // `command` begins the messages, as in "Fix dbar/stream"; the words start at arg[first].
  CommandWords(LAMMPS_NS::LAMMPS *lmp, std::string command, int narg, char **arg, int first)
      : lmp_(lmp), command_(std::move(command)), narg_(narg), arg_(arg), next_(first) {}

  bool left() const { return next_ < narg_; }
  std::string keyword() { return keyword_ = arg_[next_++]; }
  std::string value(const char *expected) {
    if (!left())
      error()->all(FLERR, "{}: keyword {} expects {}, found nothing", command_, keyword_, expected);
    return arg_[next_++];
  }
  // Whether the next word is this one, which is then taken.
  bool takes(const std::string &word) {
    const bool next = left() && arg_[next_] == word;
    next_ += next;
    return next;
  }
  // One word or more, up to the next of the keywords.
  void several(std::vector<std::string> &to, const char *expected, const std::vector<std::string> &keywords) {
    const auto is_keyword = [&](const std::string &word) {
      return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
    };
    do {
      to.push_back(value(expected));
      if (is_keyword(to.back()))
        wrong(expected);
    } while (left() && !is_keyword(arg_[next_]));
  }
  bool yes_no() {
    const std::string word = value("yes or no");
    if (word != "yes" && word != "no")
      wrong("yes or no");
    return word == "yes";
  }
  double number(const char *expected) { return LAMMPS_NS::utils::numeric(FLERR, value(expected), false, lmp_); }
  int integer(const char *expected) { return LAMMPS_NS::utils::inumeric(FLERR, value(expected), false, lmp_); }
  // The present keyword is none of these.
  [[noreturn]] void unknown(const std::vector<std::string> &keywords) {
    std::string known;
    for (std::size_t k = 0; k < keywords.size(); ++k)
      known += (k == 0 ? "" : k + 1 < keywords.size() ? ", " : " or ") + keywords[k];
    error()->all(FLERR, "{}: unknown keyword {}, expected {}", command_, keyword_, known);
  }
  // The present keyword may not stand here.
  [[noreturn]] void misplaced(const char *expected) {
    error()->all(FLERR, "{}: found keyword {}, expected {}", command_, keyword_, expected);
  }
  [[noreturn]] void wrong(const char *expected) {
    error()->all(FLERR, "{}: keyword {} expects {}, found {}", command_, keyword_, expected, arg_[next_ - 1]);
  }

private:
  LAMMPS_NS::Error *error() const { return lmp_->error; }

  LAMMPS_NS::LAMMPS *lmp_;
  std::string command_;
  int narg_;
  char **arg_;
  int next_;
  std::string keyword_;
};

} // namespace dbar
