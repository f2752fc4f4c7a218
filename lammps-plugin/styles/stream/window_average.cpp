#include "styles/stream/window_average.h"

#include "atom.h"
#include "domain.h"
#include "memory.h"

namespace dbar {

WindowAverage::~WindowAverage() {
  memory->destroy(sum_);
}

BoxFrame WindowAverage::frame() const {
  const double tilt[3] = {domain->xy, domain->xz, domain->yz};
  return BoxFrame(domain->boxlo, domain->boxhi, tilt, domain->periodicity);
}

void WindowAverage::coordinates(const BoxFrame &now, int i, double s[3]) const {
  now.to_frame(atom->x[i], s);
  const LAMMPS_NS::imageint image = atom->image[i];
  s[0] += static_cast<int>(image & IMGMASK) - IMGMAX;
  s[1] += static_cast<int>(image >> IMGBITS & IMGMASK) - IMGMAX;
  s[2] += static_cast<int>(image >> IMG2BITS) - IMGMAX;
}

void WindowAverage::sample() {
  const BoxFrame now = frame();
  double flip[3];
  if (samples_ > 0 && now.flipped_since(last_, flip))
    for (int i = 0; i < atom->nlocal; ++i)
      BoxFrame::follow_flip(flip, sum_[i]);

  double s[3];
  for (int i = 0; i < atom->nlocal; ++i) {
    coordinates(now, i, s);
    for (int d = 0; d < 3; ++d)
      sum_[i][d] = samples_ > 0 ? sum_[i][d] + s[d] : s[d]; // what a former window left is not read
  }
  last_ = now;
  ++samples_;
}

void WindowAverage::finish() {
  const BoxFrame now = frame();
  double s[3], mean[3];
  for (int i = 0; i < atom->nlocal; ++i) {
    coordinates(now, i, s);
    for (int d = 0; d < 3; ++d)
      mean[d] = sum_[i][d] / samples_ - s[d];
    now.difference_to_space(mean, sum_[i]);
  }
  samples_ = 0;
}

void WindowAverage::grow(int nmax) {
  nmax_ = nmax;
  memory->grow(sum_, nmax_, 3, "dbar:average");
}

void WindowAverage::start_new(int i) {
  const BoxFrame now = frame();
  double flip[3];
  coordinates(now, i, sum_[i]);
  if (samples_ > 0 && now.flipped_since(last_, flip))
    BoxFrame::undo_flip(flip, sum_[i]); // as the other sums: the next sample makes them follow it
  for (int d = 0; d < 3; ++d)
    sum_[i][d] *= samples_;
}

void WindowAverage::pack(double *buf) const {
  buf[0] = samples_;
  last_.pack(buf + 1);
}

void WindowAverage::unpack(const double *buf) {
  samples_ = static_cast<int>(buf[0]);
  last_.unpack(buf + 1);
}

double WindowAverage::memory_usage() const {
  return 3.0 * nmax_ * sizeof(double);
}

} // namespace dbar
