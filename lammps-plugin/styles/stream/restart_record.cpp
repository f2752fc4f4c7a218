#include "styles/stream/restart_record.h"

#include "engine/stored_record.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace dbar {

namespace {

// A record begins with its layout, its length in bytes, the numbers of outputs, of estimates and of characters; then
// come the rest and a check number. Layouts of before are read as well. The fifth has no check number. Those before
// have no length; of them what has a fixed length is read. The first begins with the timestep, which is not negative,
// and has seven outputs before the window; the second begins with its number and that of the outputs; the third has the
// number of estimates as well, the fourth that of characters. Their windows do not say which axes are periodic.
constexpr double layout = -6.0, fifth_layout = -5.0, fourth_layout = -4.0, third_layout = -3.0, second_layout = -2.0;
constexpr int first_outputs = 7, old_window = WindowAverage::nstate - 3;
constexpr double most_estimates = 4e6; // four for each name that keyword observe takes
constexpr double most_text = 1e9, most_samples = 2147483647.0;

} // namespace

void RestartRecord::write(FILE *fp) const {
  std::string names;
  for (const auto &name : observed)
    names += name + ' ';
  std::vector<double> all = {layout,
                             0.0, // its length
                             static_cast<double>(outputs.size()),
                             static_cast<double>(estimates.size()),
                             static_cast<double>(names.size()),
                             step,
                             nevery,
                             nrepeat,
                             nfreq};
  all.insert(all.end(), window, window + WindowAverage::nstate);
  all.insert(all.end(), outputs.begin(), outputs.end());
  all.insert(all.end(), estimates.begin(), estimates.end());
  write_record(fp, std::move(all), names);
}

std::string RestartRecord::read(const char *bytes, int known, const int periodic[3]) {
  try {
    return read_stored(StoredRecord(bytes), known, periodic);
  } catch (const std::runtime_error &e) {
    return e.what();
  }
}

std::string RestartRecord::read_stored(StoredRecord from, int known, const int periodic[3]) {
  const double first = from.one();
  const bool before = first >= 0.0, checked = first == layout, present = checked || first == fifth_layout;
  const double length = present ? from.one() : 0.0;
  const double stored = before ? first_outputs : from.one();
  const bool known_layout = present || first == fourth_layout || first == third_layout || first == second_layout;
  if (!before && !(known_layout && stored >= first_outputs && stored <= known && stored == std::floor(stored)))
    return fmt::format("has layout {} with {} outputs, expected at most layout {} with {}: another version of dbar "
                       "wrote it",
                       -first, stored, -layout, known);
  const double estimated = first <= third_layout ? from.one() : 0.0;
  const double characters = first <= fourth_layout ? from.one() : 0.0;
  if (present) {
    if (!(estimated >= 0.0 && estimated <= most_estimates && std::fmod(estimated, 4.0) == 0.0))
      return fmt::format("has {} estimates, expected a multiple of 4: it is damaged", estimated);
    if (!(characters >= 0.0 && characters <= most_text))
      return fmt::format("has names of {} characters: it is damaged", characters);
    const double numbers = 9.0 + WindowAverage::nstate + stored + estimated + (checked ? 1.0 : 0.0);
    const double expected = numbers * sizeof(double) + characters;
    if (length != expected)
      return fmt::format("has {} bytes, expected {} for {} outputs, {} estimates and names of {} characters: it is "
                         "damaged",
                         length, expected, stored, estimated, characters);
  }
  outputs.resize(static_cast<std::size_t>(stored));
  step = before ? first : from.one();
  nevery = from.one();
  nrepeat = from.one();
  nfreq = from.one();
  if (before)
    from.several(outputs.data(), first_outputs);
  from.several(window, present ? WindowAverage::nstate : old_window);
  if (!(window[0] >= 0.0 && window[0] <= nrepeat && nrepeat <= most_samples))
    return fmt::format("has a window of {} samples, expected {} at most: it is damaged", window[0], nrepeat);
  if (!present)
    std::copy_n(periodic, 3, window + old_window);
  if (!before)
    from.several(outputs.data(), static_cast<int>(stored));
  if (!present)
    return "";
  estimates.resize(static_cast<std::size_t>(estimated));
  from.several(estimates.data(), static_cast<int>(estimated));
  std::istringstream names(from.text(static_cast<std::size_t>(characters)));
  if (checked)
    from.check();
  observed.assign(std::istream_iterator<std::string>(names), {});
  return "";
}

const double *record_of_atom(const double *extra, int stored, int nth, double &length) {
  double at = 0.0; // that of each fix begins with its length
  length = 0.0;
  for (int i = 0; i <= nth; ++i) {
    at += length;
    length = at >= 0.0 && at < stored ? extra[static_cast<int>(at)] : 0.0;
  }
  return length >= 1.0 && at + length <= stored ? extra + static_cast<int>(at) + 1 : nullptr;
}

} // namespace dbar
