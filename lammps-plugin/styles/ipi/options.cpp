#include "styles/ipi/options.h"

#include "engine/command_words.h"

using namespace LAMMPS_NS;

namespace dbar {

namespace {

const std::vector<std::string> keywords = {"unix", "prefix", "timeout", "lost", "reset", "extra", "cv"};

} // namespace

IpiOptions::IpiOptions(LAMMPS *lmp, int narg, char **arg) {
  Error *error = lmp->error;
  if (narg < 6)
    error->all(FLERR, "Fix dbar/ipi: expected COMPUTE-ID address port after the style name, found {} words", narg - 3);
  compute_id = arg[3];
  address.host = arg[4];
  address.port = utils::inumeric(FLERR, arg[5], false, lmp);

  bool inet = true, prefix = false;
  CommandWords words(lmp, "Fix dbar/ipi", narg, arg, 6);
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword == "unix") {
      inet = false;
    } else if (keyword == "prefix") {
      address.prefix = words.value("the start of a socket's path");
      prefix = true;
    } else if (keyword == "timeout") {
      const char *expected = "seconds, above 0 and up to 1e6";
      timeout = words.number(expected);
      if (!(timeout > 0.0 && timeout <= 1e6))
        words.wrong(expected);
    } else if (keyword == "lost") {
      const std::string choice = words.value("end or error");
      if (choice != "end" && choice != "error")
        words.wrong("end or error");
      lost_is_error = choice == "error";
    } else if (keyword == "reset") {
      reset = true;
    } else if (keyword == "extra") {
      const char *expected = "an equal-style variable v_name";
      const std::string word = words.value(expected);
      if (word.rfind("v_", 0) != 0 || word.size() < 3)
        words.wrong(expected);
      variables.push_back(word.substr(2));
    } else if (keyword == "cv") {
      words.several(cv_files, "one or more JSON files", keywords);
    } else {
      words.unknown(keywords);
    }
  }
  if (inet && prefix)
    error->all(FLERR, "Fix dbar/ipi: keyword prefix needs keyword unix");
  if (inet && (address.port < 1 || address.port > 65535))
    error->all(FLERR, "Fix dbar/ipi: port is {}, expected 1 to 65535", address.port);
  if (!inet)
    address.port = 0; // a word that Unix sockets do not need
}

} // namespace dbar
