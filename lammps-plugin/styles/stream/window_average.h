// Positions averaged over a window of samples: per-atom sums that migrate with their atoms.
#pragma once

#include "styles/stream/box_frame.h"

#include "pointers.h"

#include <string>

namespace dbar {

class WindowAverage : protected LAMMPS_NS::Pointers {
public:
  explicit WindowAverage(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}
  ~WindowAverage() override;

  void begin();
  // Adds the present positions of owned atoms, each of the image nearest to that of the sample before. `span`: steps
  // between two samples of this window, 0 if it has no other.
  void sample(int span);
  void finish(); // sums become displacements of owned atoms, see displacement(); no window is left
  int samples() const { return samples_; }
  // Whether the next sample can join those that are there: their axes are open or periodic as before.
  bool goes_on() const { return samples_ == 0 || frame().same_axes(last_frame_); }
  // Why an image may be the wrong one, as this rank knows it; empty if none may.
  const std::string &doubt() const { return doubt_; }

  double **displacement() { return sum_; } // averaged minus current position
  double *of(int i) { return sum_[i]; }

  // Atom callbacks of the fix that owns this average.
  static constexpr int nper_atom = 6;
  void grow(int nmax);
  void copy(int i, int j);
  // An atom created inside a window counts as if it had stood still; after a window its displacement is zero.
  void start_new(int i);
  void pack_atom(int i, double *buf) const;
  void unpack_atom(int i, const double *buf);
  // Of versions that kept sums alone, of the images that flags told: goes on at the image nearest to their mean.
  void unpack_old_atom(int i, const double *buf);
  double memory_usage() const;

  static constexpr int nstate = 1 + BoxFrame::nstate;
  void pack(double *buf) const;
  void unpack(const double *buf);

private:
  BoxFrame frame() const;
  void present(int i, double s[3]) const;
  void look_for_doubt(const BoxFrame &now, int span);

  double **sum_ = nullptr;  // [nmax][3], frame coordinates summed over samples
  double **last_ = nullptr; // [nmax][3], those of the newest sample
  int nmax_ = 0, samples_ = 0;
  BoxFrame last_frame_; // of the newest sample, to notice box flips
  std::string doubt_;
};

} // namespace dbar
