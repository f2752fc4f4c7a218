// What fix dbar/stream says of itself in a restart file: which window was in flight, its frame, the outputs and the
// estimates. The sums of the window are stored per atom.
#pragma once

#include "styles/stream/window_average.h"

#include <cstdio>
#include <string>
#include <vector>

namespace dbar {

class StoredRecord;

struct RestartRecord {
  double step = 0.0, nevery = 0.0, nrepeat = 0.0, nfreq = 0.0;
  double window[WindowAverage::nstate] = {};
  std::vector<double> outputs, estimates;
  std::vector<std::string> observed; // the names that the estimates are of

  void write(FILE *fp) const;
  // A record with up to `known` outputs, also one of the layouts of before: without their estimates, and with the axes
  // of the present box. Returns what is wrong with it, empty if nothing is.
  std::string read(const char *bytes, int known, const int periodic[3]);

private:
  std::string read_stored(StoredRecord from, int known, const int periodic[3]);
};

// What the nth fix says of an atom in a restart file, behind its `length`; null if it would lie outside of what LAMMPS
// has put there for an atom, `stored` numbers.
const double *record_of_atom(const double *extra, int stored, int nth, double &length);

} // namespace dbar
