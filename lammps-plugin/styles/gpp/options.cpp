#include "styles/gpp/options.h"

#include "engine/command_words.h"
#include "engine/raise_together.h"
#include "files/packet_form.h"

#include <cmath>

using namespace LAMMPS_NS;

namespace dbar {

GppOptions::GppOptions(LAMMPS *lmp, int narg, char **arg) {
  Error *error = lmp->error;
  if (narg < 2)
    error->all(FLERR, "{}: found {} words, expected a temperature and the form of the potential", gpp_style, narg);
  temperature = utils::numeric(FLERR, arg[0], false, lmp);
  if (!(temperature > 0.0 && std::isfinite(temperature)))
    error->all(FLERR, "{}: temperature: found {}, expected a number above 0 (the smaller, the nearer to no packets)",
               gpp_style, arg[0]);
  form = arg[1];
  if (const std::string failure = failure_of(gpp_style, [&] { packet_parser(form); }); !failure.empty())
    error->all(FLERR, failure);
  CommandWords words(lmp, gpp_style, narg, arg, 2);
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword == "tol") {
      const char *expected = "a number from 1e-13 to 0.1";
      tolerance = words.number(expected);
      if (!(tolerance >= 1e-13 && tolerance <= 0.1))
        words.wrong(expected);
    } else if (keyword == "maxpass") {
      const char *expected = "a number from 1 to 100000";
      most_passes = words.integer(expected);
      if (most_passes < 1 || most_passes > 100000)
        words.wrong(expected);
    } else if (keyword == "smax") {
      const char *expected = "a variance from 1e-6 to 1 (square angstroms)";
      most_variance = words.number(expected);
      if (!(most_variance >= 1e-6 && most_variance <= 1.0))
        words.wrong(expected);
    } else if (keyword == "isentropic") {
      isentropic = words.yes_no();
    } else {
      words.unknown({"tol", "maxpass", "smax", "isentropic"});
    }
  }
}

} // namespace dbar
