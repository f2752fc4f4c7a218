#include "styles/stream/options.h"

#include "engine/command_words.h"
#include "kernels/words.h"
#include "styles/stream/observables.h"
#include "styles/stream/seldom_values.h"

#include "atom.h"
#include "error.h"

#include <algorithm>
#include <cmath>
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

// A whole number in a word, 0 if it is none from 1 to `most`, which has ten digits at most.
bigint count_in(const std::string &word, bigint most) {
  if (!utils::is_integer(word) || word.size() > 10)
    return 0;
  const bigint count = std::stoll(word);
  return count >= 1 && count <= most ? count : 0;
}

std::vector<std::string> read_names(CommandWords &words, const char *expected) {
  const bigint n = count_in(words.value(expected), 1000000);
  if (n < 1)
    words.wrong(expected);
  std::vector<std::string> names;
  for (bigint k = 0; k < n; ++k) {
    const std::string counted =
        fmt::format("{}, with N = {}: after {}", expected, n, k == 1 ? "one name" : fmt::format("{} names", k));
    names.push_back(words.value(counted.c_str()));
  }
  return names;
}

void read_thermo(StreamOptions &o, CommandWords &words) {
  o.thermo.clear();
  if (!words.takes("none"))
    o.thermo = read_names(words, "none or N name_1 ... name_N");
}

void read_model(StreamOptions &o, CommandWords &words) {
  o.model = words.value("a model file or none");
  if (o.model == "none")
    o.model.clear();
  o.learn = !o.model.empty() && words.takes("learn");
}

void read_ahead(StreamOptions &o, CommandWords &words) {
  const char *expected = "a positive time";
  if (!is_number(words.value(expected), &o.ahead) || !(o.ahead > 0.0) || !std::isfinite(o.ahead))
    words.wrong(expected);
}

void read_ensemble(StreamOptions &o, CommandWords &words) {
  const char *expected = "yes, no or a folder whose name ends in .ensemble";
  o.ensemble = words.value(expected);
  if (o.ensemble == "no")
    o.ensemble.clear();
  else if (o.ensemble != "yes" && !utils::strmatch(o.ensemble, "\\.ensemble$"))
    words.wrong(expected);
}

int read_count(CommandWords &words, int least, int most) {
  const std::string expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  const bigint count = count_in(words.value(expected.c_str()), most);
  if (count < least)
    words.wrong(expected.c_str());
  return static_cast<int>(count);
}

void read_seldom(StreamOptions &o, CommandWords &words, LAMMPS *lmp) {
  o.seldom_every = read_count(words, 2, 1000000000);
  o.seldom = read_names(words, "M N name_1 ... name_N, each c_ID, c_ID[k] or v_NAME");
  for (const auto &name : o.seldom)
    if (!SeldomValues::can_be(name))
      lmp->error->all(FLERR, "Fix dbar/stream: keyword seldom expects names c_ID, c_ID[k] or v_NAME, found {}", name);
}

void read_chunk(StreamOptions &o, CommandWords &words) {
  o.chunk_id = words.value("the ID of a compute chunk/atom");
  if (!words.takes("grid"))
    return;
  for (int axis = 0; axis < 3; ++axis) {
    const char *expected = "CHUNK-ID grid NX NY NZ, three integers from 1 to 1000000000";
    const bigint bins = count_in(words.value(expected), 1000000000);
    if (bins < 1)
      words.wrong(expected);
    o.grid.push_back(static_cast<int>(bins));
  }
}

// The first name that comes a second time, null if none does.
const std::string *twice(const std::vector<std::string> &names) {
  for (auto name = names.begin(); name != names.end(); ++name)
    if (std::find(names.begin(), name, *name) != name)
      return &*name;
  return nullptr;
}

void read_late(StreamOptions &o, CommandWords &words) {
  const std::string choice = words.value("yes or no");
  if (choice != "yes" && choice != "no")
    words.wrong("yes or no");
  o.late = choice == "yes";
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
      {"thermo", [&] { read_thermo(*this, words); }},
      {"lost", [&] { read_lost(*this, words); }},
      {"late", [&] { read_late(*this, words); }},
      {"ensemble", [&] { read_ensemble(*this, words); }},
      {"persist", [&] { persist = read_count(words, 1, 1000000); }},
      {"reference", [&] { reference = read_count(words, 1, 1000000000); }},
      {"model", [&] { read_model(*this, words); }},
      {"observe", [&] { observe = read_names(words, "N name_1 ... name_N"); }},
      {"ahead", [&] { read_ahead(*this, words); }},
      {"seldom", [&] { read_seldom(*this, words, lmp); }},
      {"chunk", [&] { read_chunk(*this, words); }},
  };
  std::vector<std::string> seen;
  while (words.left()) {
    const std::string keyword = words.keyword();
    if (keyword == "learn")
      words.misplaced("right after the FILE of keyword model");
    if (keyword == "grid")
      words.misplaced("right after the CHUNK-ID of keyword chunk");
    if (std::find(seen.begin(), seen.end(), keyword) != seen.end())
      words.misplaced("once at most");
    seen.push_back(keyword);
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
  check(lmp->error);
  if (snapshot != "none" && !lmp->atom->tag_enable)
    error->all(FLERR, "Fix dbar/stream: keyword snapshot {} needs atom IDs, found atom_modify id no", snapshot);
}

// What words can say only together.
void StreamOptions::check(Error *error) const {
  if (snapshot != "none" && store.empty())
    error->all(FLERR, "Fix dbar/stream: keyword snapshot {} needs keyword store with a file name", snapshot);
  if (!chunk_id.empty() && store.empty())
    error->all(FLERR, "Fix dbar/stream: keyword chunk {} needs keyword store with a file name", chunk_id);
  std::vector<std::string> need_monitor;
  if (snapshot == "adaptive")
    need_monitor.emplace_back("snapshot adaptive");
  if (!ensemble.empty())
    need_monitor.push_back("ensemble " + ensemble);
  for (const auto &[name, count] : {std::pair("persist", persist), {"reference", reference}})
    if (count > 0)
      need_monitor.push_back(fmt::format("{} {}", name, count));
  if (learn)
    need_monitor.push_back("model " + model + " learn");
  if (ahead > 0.0)
    need_monitor.push_back(fmt::format("ahead {}", ahead));
  if (monitor == "none" && !need_monitor.empty())
    error->all(FLERR, "Fix dbar/stream: keyword {} needs a monitor, found monitor none", need_monitor.front());
  if (monitor == "none" && !model.empty() && observe.empty())
    error->all(FLERR, "Fix dbar/stream: keyword model {} needs a monitor or keyword observe, found monitor none",
               model);
  if (ahead > 0.0 && observe.empty())
    error->all(FLERR, "Fix dbar/stream: keyword ahead {} needs keyword observe", ahead);
  for (const auto &[keyword, names] : {std::pair("observe", &observe), {"seldom", &seldom}})
    if (const auto *name = twice(*names))
      error->all(FLERR, "Fix dbar/stream: keyword {} names {} twice, expected each name once", keyword, *name);
  for (const auto &name : seldom)
    if (std::find(thermo.begin(), thermo.end(), name) != thermo.end())
      error->all(FLERR, "Fix dbar/stream: keywords thermo and seldom both name {}, expected one of them", name);
}

std::vector<std::string> StreamOptions::columns() const {
  std::vector<std::string> names = thermo;
  names.insert(names.end(), seldom.begin(), seldom.end());
  return names;
}

bigint StreamOptions::snapshots_until(bigint last, bigint now, bool in_flight) const {
  const bigint count = last / nfreq - now / nfreq;
  const bool lacks_sample = next_snapshot(now) - window() <= now && !in_flight;
  return count > 0 && lacks_sample ? count - 1 : count;
}

} // namespace dbar
