#include "styles/stream/restart_record.h"

#include <cstring>

namespace dbar {

namespace {

// LAMMPS does not tell how long a record is. The first layout does not say it either: it begins with the timestep,
// which is not negative, and has seven outputs before the window.
constexpr double layout = -2.0;
constexpr int first_outputs = 7;

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
  std::vector<double> all = {layout, static_cast<double>(outputs.size()), step, nevery, nrepeat, nfreq};
  all.insert(all.end(), window, window + WindowAverage::nstate);
  all.insert(all.end(), outputs.begin(), outputs.end());
  const int size = static_cast<int>(all.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(all.data(), sizeof(double), all.size(), fp);
}

std::string RestartRecord::read(const char *bytes, int known) {
  Doubles from(bytes);
  const double first = from.one();
  const bool before = first >= 0.0;
  const double stored = before ? first_outputs : from.one();
  if (!before && !(first == layout && stored >= first_outputs && stored <= known))
    return fmt::format("has layout {} with {} outputs, expected at most layout {} with {}: another version of dbar "
                       "wrote it",
                       -first, stored, -layout, known);
  outputs.resize(static_cast<std::size_t>(stored));
  step = before ? first : from.one();
  nevery = from.one();
  nrepeat = from.one();
  nfreq = from.one();
  if (before)
    from.several(outputs.data(), first_outputs);
  from.several(window, WindowAverage::nstate);
  if (!before)
    from.several(outputs.data(), static_cast<int>(stored));
  return "";
}

} // namespace dbar
