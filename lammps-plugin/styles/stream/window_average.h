// Positions averaged over a window of samples: per-atom sums that migrate with their atoms.
#pragma once

#include "styles/stream/box_frame.h"

#include "pointers.h"

namespace dbar {

class WindowAverage : protected LAMMPS_NS::Pointers {
public:
  explicit WindowAverage(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}
  ~WindowAverage() override;

  void begin() { samples_ = 0; }
  void sample(); // adds the present positions of owned atoms
  void finish(); // sums become displacements of owned atoms, see displacement(); no window is left
  int samples() const { return samples_; }

  double **displacement() { return sum_; } // averaged minus current position
  double *of(int i) { return sum_[i]; }

  // Atom callbacks of the fix that owns this average.
  void grow(int nmax);
  void copy(int i, int j) { copy3(sum_[j], sum_[i]); }
  // An atom created inside a window counts as if it had stood still; after a window its displacement is zero.
  void start_new(int i);
  double memory_usage() const;

  static constexpr int nstate = 1 + BoxFrame::nstate;
  void pack(double *buf) const;
  void unpack(const double *buf);

private:
  static void copy3(double *to, const double *from) {
    for (int d = 0; d < 3; ++d)
      to[d] = from[d];
  }
  BoxFrame frame() const;
  void coordinates(const BoxFrame &now, int i, double s[3]) const;

  double **sum_ = nullptr; // [nmax][3], frame coordinates summed over samples
  int nmax_ = 0, samples_ = 0;
  BoxFrame last_; // frame of the newest sample, to notice box flips
};

} // namespace dbar
