#include "styles/stream/restart_record.h"

#include <cmath>
#include <cstring>
#include <iterator>
#include <sstream>

namespace dbar {

namespace {

// LAMMPS does not tell how long a record is. The first layout does not say it either: it begins with the timestep,
// which is not negative, and has seven outputs before the window. The second begins with its number and that of the
// outputs, the third says the number of estimates as well, and the present one the names that they are of, in
// characters behind it all.
constexpr double layout = -4.0, third_layout = -3.0, second_layout = -2.0;
constexpr int first_outputs = 7;
constexpr double most_estimates = 4e6; // four for each name that keyword observe takes
constexpr double most_text = 1e9;

// Doubles that lie in memory without alignment.
class Doubles {
public:
  explicit Doubles(const char *bytes) : next_(bytes) {}
  double one() {
    double value;
    several(&value, 1);
    return value;
  }
  void several(double *to, int count) {
    std::memcpy(to, next_, count * sizeof(double));
    next_ += count * sizeof(double);
  }
  const char *rest() const { return next_; }

private:
  const char *next_;
};

} // namespace

void RestartRecord::write(FILE *fp) const {
  std::string names;
  for (const auto &name : observed)
    names += name + ' ';
  std::vector<double> all = {layout,
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
  const int size = static_cast<int>(all.size() * sizeof(double) + names.size());
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(all.data(), sizeof(double), all.size(), fp);
  fwrite(names.data(), 1, names.size(), fp);
}

std::string RestartRecord::read(const char *bytes, int known) {
  Doubles from(bytes);
  const double first = from.one();
  const bool before = first >= 0.0;
  const double stored = before ? first_outputs : from.one();
  const bool known_layout = first == layout || first == third_layout || first == second_layout;
  if (!before && !(known_layout && stored >= first_outputs && stored <= known))
    return fmt::format("has layout {} with {} outputs, expected at most layout {} with {}: another version of dbar "
                       "wrote it",
                       -first, stored, -layout, known);
  const double estimated = first <= third_layout ? from.one() : 0.0;
  if (!(estimated >= 0.0 && estimated <= most_estimates && std::fmod(estimated, 4.0) == 0.0))
    return fmt::format("has {} estimates, expected a multiple of 4: it is damaged", estimated);
  const double characters = first == layout ? from.one() : 0.0;
  if (!(characters >= 0.0 && characters <= most_text))
    return fmt::format("has names of {} characters: it is damaged", characters);
  outputs.resize(static_cast<std::size_t>(stored));
  estimates.resize(static_cast<std::size_t>(estimated));
  step = before ? first : from.one();
  nevery = from.one();
  nrepeat = from.one();
  nfreq = from.one();
  if (before)
    from.several(outputs.data(), first_outputs);
  from.several(window, WindowAverage::nstate);
  if (!before)
    from.several(outputs.data(), static_cast<int>(stored));
  from.several(estimates.data(), static_cast<int>(estimated));
  std::istringstream names(std::string(from.rest(), static_cast<std::size_t>(characters)));
  observed.assign(std::istream_iterator<std::string>(names), {});
  return "";
}

} // namespace dbar
