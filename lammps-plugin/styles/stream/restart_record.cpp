#include "styles/stream/restart_record.h"

#include <cmath>
#include <cstring>

namespace dbar {

namespace {

// LAMMPS does not tell how long a record is. The first layout does not say it either: it begins with the timestep,
// which is not negative, and has seven outputs before the window. The second begins with its number and that of the
// outputs, the present one says the number of estimates as well.
constexpr double layout = -3.0, second_layout = -2.0;
constexpr int first_outputs = 7;
constexpr double most_estimates = 4e6; // four for each name that keyword observe takes

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

private:
  const char *next_;
};

} // namespace

void RestartRecord::write(FILE *fp) const {
  std::vector<double> all = {
      layout, static_cast<double>(outputs.size()), static_cast<double>(estimates.size()), step, nevery, nrepeat, nfreq};
  all.insert(all.end(), window, window + WindowAverage::nstate);
  all.insert(all.end(), outputs.begin(), outputs.end());
  all.insert(all.end(), estimates.begin(), estimates.end());
  const int size = static_cast<int>(all.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(all.data(), sizeof(double), all.size(), fp);
}

std::string RestartRecord::read(const char *bytes, int known) {
  Doubles from(bytes);
  const double first = from.one();
  const bool before = first >= 0.0;
  const double stored = before ? first_outputs : from.one();
  const bool known_layout = first == layout || first == second_layout;
  if (!before && !(known_layout && stored >= first_outputs && stored <= known))
    return fmt::format("has layout {} with {} outputs, expected at most layout {} with {}: another version of dbar "
                       "wrote it",
                       -first, stored, -layout, known);
  const double estimated = first == layout ? from.one() : 0.0;
  if (!(estimated >= 0.0 && estimated <= most_estimates && std::fmod(estimated, 4.0) == 0.0))
    return fmt::format("has {} estimates, expected a multiple of 4: it is damaged", estimated);
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
  return "";
}

} // namespace dbar
