#include "plumed_options.h"

#include "command_words.h"

#include <algorithm>

using namespace LAMMPS_NS;

namespace dbar {

namespace {
const std::vector<std::string> keywords = {"cv", "every", "out", "temp"};

bool is_keyword(const std::string &word) {
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}
} // namespace

PlumedOptions::PlumedOptions(LAMMPS *lmp, int narg, char **arg) {
  Error *error = lmp->error;
  if (narg < 5)
    error->all(FLERR,
               "Fix dbar/plumed: expected COMPUTE-ID and a PLUMED input file after the style name, found {} words",
               narg - 3);
  compute_id = arg[3];
  plumed_file = arg[4];
  out = std::string("plumed.") + arg[0] + ".log";

  CommandWords words(lmp, "Fix dbar/plumed", narg, arg, 5);
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword == "cv") {
      do {
        cv_files.push_back(words.value("one or more JSON files"));
        if (is_keyword(cv_files.back()))
          words.wrong("one or more JSON files");
      } while (words.left() && !is_keyword(words.peek()));
    } else if (keyword == "every") {
      every = words.integer("a positive number of steps");
      if (every <= 0)
        words.wrong("a positive number of steps");
    } else if (keyword == "out") {
      out = words.value("a file name");
    } else if (keyword == "temp") {
      temperature = words.number("a positive temperature");
      if (!(temperature > 0.0))
        words.wrong("a positive temperature");
    } else {
      error->all(FLERR, "Fix dbar/plumed: unknown keyword {}, expected cv, every, out or temp", keyword);
    }
  }
  if (cv_files.empty())
    error->all(FLERR, "Fix dbar/plumed: keyword cv expects one or more JSON files, found nothing");
}

} // namespace dbar
