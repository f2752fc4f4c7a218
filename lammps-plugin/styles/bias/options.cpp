#include "styles/bias/options.h"

#include "engine/command_words.h"

using namespace LAMMPS_NS;

namespace dbar {

namespace {
const std::vector<std::string> keywords = {"cv", "every", "out", "temp"};
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
      words.several(cv_files, "one or more JSON files", keywords);
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
      words.unknown(keywords);
    }
  }
  if (cv_files.empty())
    error->all(FLERR, "Fix dbar/plumed: keyword cv expects one or more JSON files, found nothing");
}

} // namespace dbar
