// What a fix says of itself in a restart file: numbers, then text, with a check number at the end. LAMMPS hands it back
// without its length, so no record is believed to be as long as it says.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace dbar {

// The bytes that LAMMPS has put there, in order. What would go beyond them throws std::runtime_error.
class StoredRecord {
public:
  explicit StoredRecord(const char *bytes);

  double one() {
    double value;
    several(&value, 1);
    return value;
  }
  void several(double *to, std::size_t count);
  std::string text(std::size_t characters);
  // Reads the number that write_record() ends with; throws where what was read so far is something else.
  void check();

private:
  const char *take(std::size_t bytes);

  const char *begin_, *next_;
  std::size_t size_; // a few bytes more at most than the record has: what was allocated for it
};

// Writes the length as LAMMPS wants it, then the record. numbers[1] becomes the length.
void write_record(FILE *fp, std::vector<double> numbers, const std::string &text = "");

} // namespace dbar
