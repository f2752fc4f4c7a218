#include "styles/bias/answer_record.h"

#include "engine/stored_record.h"

#include "pointers.h"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace dbar {

namespace {

// A record begins with its layout and its length in bytes, and ends with a check number, which that of before lacks.
// The first began with the number of variables.
constexpr double layout = -3.0, second_layout = -2.0;
constexpr double head = 5.0; // layout, length, variables, step, bias

} // namespace

void AnswerRecord::write(FILE *fp) const {
  const auto variables = static_cast<double>(value.size());
  std::vector<double> all = {layout, 0.0, variables, static_cast<double>(step), bias};
  all.insert(all.end(), value.begin(), value.end());
  all.insert(all.end(), force.begin(), force.end());
  write_record(fp, std::move(all));
}

std::string AnswerRecord::read(const char *bytes, int variables) {
  try {
    return read_stored(StoredRecord(bytes), variables);
  } catch (const std::runtime_error &e) {
    return e.what();
  }
}

std::string AnswerRecord::read_stored(StoredRecord from, int variables) {
  const double first = from.one();
  const bool checked = first == layout, present = checked || first == second_layout;
  if (!present && !(first >= 1.0))
    return fmt::format("has layout {}, expected at most {}: another version of dbar wrote it", -first, -layout);
  const double length = present ? from.one() : 0.0, stored = present ? from.one() : first;
  if (present) {
    const double expected = (head + 2.0 * stored + (checked ? 1.0 : 0.0)) * sizeof(double);
    if (!(stored >= 0.0 && stored == std::floor(stored) && length == expected))
      return fmt::format("has {} bytes for {} variables, expected {}: it is damaged", length, stored, expected);
  }
  if (stored != variables)
    return "";
  step = static_cast<std::int64_t>(from.one());
  bias = from.one();
  value.resize(variables);
  force.resize(variables);
  from.several(value.data(), variables);
  from.several(force.data(), variables);
  if (checked)
    from.check();
  return "";
}

} // namespace dbar
