// What fix dbar/plumed says of itself in a restart file: the last answer of PLUMED.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace dbar {

class StoredRecord;

struct AnswerRecord {
  std::int64_t step = -1;
  double bias = 0.0;
  std::vector<double> value, force; // of each collective variable; empty if the file has those of others

  void write(FILE *fp) const;
  // The record of `variables` variables, also as it was before it said how long it is. Returns what is wrong with it,
  // empty if nothing is.
  std::string read(const char *bytes, int variables);

private:
  std::string read_stored(StoredRecord from, int variables);
};

} // namespace dbar
