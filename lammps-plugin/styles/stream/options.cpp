#include "styles/stream/options.h"

#include "engine/command_words.h"
#include "styles/stream/observables.h"

#include "error.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

using namespace LAMMPS_NS;

namespace dbar {

namespace {

void read_snapshot(StreamOptions &o, CommandWords &words) {
  const char *expected = "none, every M or adaptive FRACTION";
  o.snapshot = words.value(expected);
  if (o.snapshot == "none")
    return;
  if (o.snapshot == "every") {
    o.snapshot_value = words.number("a positive integer after every");
    if (!(o.snapshot_value >= 1.0) || o.snapshot_value != static_cast<bigint>(o.snapshot_value))
      words.wrong("a positive integer after every");
  } else if (o.snapshot == "adaptive") {
    o.snapshot_value = words.number("a fraction in (0,1] after adaptive");
    if (!(o.snapshot_value > 0.0 && o.snapshot_value <= 1.0))
      words.wrong("a fraction in (0,1] after adaptive");
  } else {
    words.wrong(expected);
  }
}

void read_thermo(StreamOptions &o, CommandWords &words, LAMMPS *lmp) {
  const char *expected = "none or N name_1 ... name_N";
  const std::string count = words.value(expected);
  o.thermo.clear();
  if (count == "none")
    return;
  const int n = utils::inumeric(FLERR, count, false, lmp);
  if (n < 1)
    words.wrong(expected);
  for (int k = 0; k < n; ++k)
    o.thermo.push_back(words.value(expected));
}

void read_ensemble(StreamOptions &o, CommandWords &words) {
  const char *expected = "yes, no or a folder whose name ends in .ensemble";
  o.ensemble = words.value(expected);
  if (o.ensemble == "no")
    o.ensemble.clear();
  else if (o.ensemble != "yes" && !utils::strmatch(o.ensemble, "\\.ensemble$"))
    words.wrong(expected);
}

int read_count(CommandWords &words, int most) {
  const std::string expected = "an integer from 1 to " + std::to_string(most);
  const std::string word = words.value(expected.c_str());
  if (!utils::is_integer(word) || word.size() > 10 || std::stoll(word) < 1 || std::stoll(word) > most)
    words.wrong(expected.c_str());
  return std::stoi(word);
}

void read_lost(StreamOptions &o, CommandWords &words) {
  const std::string choice = words.value("error or ignore");
  if (choice != "error" && choice != "ignore")
    words.wrong("error or ignore");
  o.lost_error = choice == "error";
}

} // namespace

StreamOptions::StreamOptions(LAMMPS *lmp, int narg, char **arg) : thermo(Observables::defaults()) {
  Error *error = lmp->error;
  if (narg < 7)
    error->all(FLERR, "Fix dbar/stream: expected Nevery Nrepeat Nfreq COMPUTE-ID after the style name, found {} words",
               narg - 3);
  nevery = utils::inumeric(FLERR, arg[3], false, lmp);
  nrepeat = utils::inumeric(FLERR, arg[4], false, lmp);
  nfreq = utils::inumeric(FLERR, arg[5], false, lmp);
  compute_id = arg[6];
  for (const auto &[name, steps] : {std::pair("Nevery", nevery), {"Nrepeat", nrepeat}, {"Nfreq", nfreq}})
    if (steps <= 0)
      error->all(FLERR, "Fix dbar/stream: {} is {}, expected a positive number of steps", name, steps);
  if (nfreq % nevery != 0)
    error->all(FLERR, "Fix dbar/stream: Nfreq {} is not a multiple of Nevery {}", nfreq, nevery);
  const bigint longest = static_cast<bigint>(nrepeat) * nevery;
  if (longest > nfreq)
    error->all(FLERR, "Fix dbar/stream: Nrepeat {} times Nevery {} is {}, expected at most Nfreq {}", nrepeat, nevery,
               longest, nfreq);

  CommandWords words(lmp, "Fix dbar/stream", narg, arg, 7);
  const std::vector<std::pair<std::string, std::function<void()>>> readers = {
      {"store", [&] { store = words.value("a file name or none"); }},
      {"snapshot", [&] { read_snapshot(*this, words); }},
      {"monitor", [&] { monitor = words.value("a TOML file, default or none"); }},
      {"python", [&] { callable = words.value("MODULE:CALLABLE"); }},
      {"thermo", [&] { read_thermo(*this, words, lmp); }},
      {"lost", [&] { read_lost(*this, words); }},
      {"ensemble", [&] { read_ensemble(*this, words); }},
      {"persist", [&] { persist = read_count(words, 1000000); }},
      {"reference", [&] { reference = read_count(words, 1000000000); }},
  };
  while (words.left()) {
    const std::string keyword = words.keyword();
    const auto reader =
        std::find_if(readers.begin(), readers.end(), [&](const auto &each) { return each.first == keyword; });
    if (reader == readers.end()) {
      std::vector<std::string> known;
      for (const auto &each : readers)
        known.push_back(each.first);
      words.unknown(known);
    }
    reader->second();
  }
  if (store == "none")
    store.clear();
  if (snapshot != "none" && store.empty())
    error->all(FLERR, "Fix dbar/stream: keyword snapshot {} needs keyword store with a file name", snapshot);
  if (snapshot == "adaptive" && monitor == "none")
    error->all(FLERR, "Fix dbar/stream: keyword snapshot adaptive needs a monitor, found monitor none");
  if (!ensemble.empty() && monitor == "none")
    error->all(FLERR, "Fix dbar/stream: keyword ensemble {} needs a monitor, found monitor none", ensemble);
  for (const auto &[name, count] : {std::pair("persist", persist), {"reference", reference}})
    if (count > 0 && monitor == "none")
      error->all(FLERR, "Fix dbar/stream: keyword {} {} needs a monitor, found monitor none", name, count);
}

bigint StreamOptions::snapshots_until(bigint last, bigint now, bool in_flight) const {
  const bigint count = last / nfreq - now / nfreq;
  const bool lacks_sample = next_snapshot(now) - window() <= now && !in_flight;
  return count > 0 && lacks_sample ? count - 1 : count;
}

} // namespace dbar
