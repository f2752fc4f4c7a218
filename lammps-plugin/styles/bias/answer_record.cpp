#include "styles/bias/answer_record.h"

#include "pointers.h"

#include <cmath>
#include <cstring>

namespace dbar {

namespace {

// LAMMPS does not tell how long a record is: it begins with its layout and its length in bytes. That of before began
// with the number of variables.
constexpr double layout = -2.0;
constexpr int head = 3; // variables, step, bias

double double_at(const char *bytes, int index) {
  double value;
  std::memcpy(&value, bytes + index * sizeof value, sizeof value);
  return value;
}

} // namespace

void AnswerRecord::write(FILE *fp) const {
  const auto variables = static_cast<double>(value.size());
  std::vector<double> all = {layout, 0.0, variables, static_cast<double>(step), bias};
  all.insert(all.end(), value.begin(), value.end());
  all.insert(all.end(), force.begin(), force.end());
  const int size = static_cast<int>(all.size() * sizeof(double));
  all[1] = size;
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(all.data(), 1, size, fp);
}

std::string AnswerRecord::read(const char *bytes, int variables) {
  const double first = double_at(bytes, 0);
  const bool present = first == layout;
  if (!present && !(first >= 0.0))
    return fmt::format("has layout {}, expected at most {}: another version of dbar wrote it", -first, -layout);
  const int start = present ? 2 : 0;
  const double stored = double_at(bytes, start);
  if (present) {
    const double length = double_at(bytes, 1), expected = (start + head + 2.0 * stored) * sizeof(double);
    if (!(stored >= 0.0 && stored == std::floor(stored) && length == expected))
      return fmt::format("has {} bytes for {} variables, expected {}: it is damaged", length, stored, expected);
  }
  if (stored != variables)
    return "";
  step = static_cast<std::int64_t>(double_at(bytes, start + 1));
  bias = double_at(bytes, start + 2);
  for (int k = 0; k < variables; ++k) {
    value.push_back(double_at(bytes, start + head + k));
    force.push_back(double_at(bytes, start + head + variables + k));
  }
  return "";
}

} // namespace dbar
