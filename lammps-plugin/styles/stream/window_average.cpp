#include "styles/stream/window_average.h"

#include "atom.h"
#include "domain.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <array>

namespace dbar {

WindowAverage::~WindowAverage() {
  memory->destroy(sum_);
  memory->destroy(last_);
}

BoxFrame WindowAverage::frame() const {
  const double tilt[3] = {domain->xy, domain->xz, domain->yz};
  return BoxFrame(domain->boxlo, domain->boxhi, tilt, domain->periodicity);
}

void WindowAverage::begin() {
  samples_ = 0;
  doubt_.clear();
}

// Image flags are for everybody to set; what an atom did between two samples they do not tell.
void WindowAverage::sample(int span) {
  const BoxFrame now = frame();
  double flip[3];
  if (samples_ > 0 && now.flipped_since(last_frame_, flip))
    for (int i = 0; i < atom->nlocal; ++i) {
      BoxFrame::follow_flip(flip, sum_[i]);
      BoxFrame::follow_flip(flip, last_[i]);
    }

  double s[3];
  for (int i = 0; i < atom->nlocal; ++i) {
    now.to_frame(atom->x[i], s);
    if (samples_ > 0) // else what a former window left is not read
      now.to_nearest(last_[i], s);
    for (int d = 0; d < 3; ++d) {
      sum_[i][d] = samples_ > 0 ? sum_[i][d] + s[d] : s[d];
      last_[i][d] = s[d];
    }
  }
  last_frame_ = now;
  ++samples_;
  if (span > 0 && doubt_.empty())
    look_for_doubt(now, span);
}

// The nearest image is the right one of an atom that goes less than half the box between two samples, of a box that
// is sheared by less than that. Positions do not tell, but the velocities at both ends do, and LAMMPS knows the rate.
void WindowAverage::look_for_doubt(const BoxFrame &now, int span) {
  static constexpr const char *axes = "xyz";
  const double time = span * update->dt;
  double way[3];
  for (int i = 0; i < atom->nlocal; ++i) {
    for (int d = 0; d < 3; ++d)
      way[d] = atom->v[i][d] * time;
    const int d = now.beyond_half(way);
    if (d < 0)
      continue;
    doubt_ = fmt::format("an atom{} at step {} moves by {:.4g} in {} steps, more than half the box, {:.6g}, along {}: "
                         "which of its images is the same atom is in doubt, expected a smaller Nevery",
                         atom->tag_enable ? fmt::format(" (ID {})", atom->tag[i]) : "", update->ntimestep,
                         std::abs(way[d]), span, now.edge(d), axes[d]);
    return;
  }
  // rates of yz, xz and xy, each along the axis that leans
  for (const auto &[k, d] : {std::array{3, 1}, {4, 0}, {5, 0}}) {
    double shear[3] = {0.0, 0.0, 0.0};
    shear[d] = domain->triclinic ? domain->h_rate[k] * time : 0.0;
    if (now.beyond_half(shear) >= 0)
      doubt_ = fmt::format("the box at step {} is sheared by {:.4g} in {} steps, more than half its length, {:.6g}, "
                           "along {}: whether it flipped is in doubt, expected a smaller Nevery",
                           update->ntimestep, std::abs(shear[d]), span, now.edge(d), axes[d]);
  }
}

void WindowAverage::finish() {
  double mean[3];
  for (int i = 0; i < atom->nlocal; ++i) {
    for (int d = 0; d < 3; ++d)
      mean[d] = sum_[i][d] / samples_ - last_[i][d];
    last_frame_.difference_to_space(mean, sum_[i]);
  }
  begin();
}

void WindowAverage::grow(int nmax) {
  nmax_ = nmax;
  memory->grow(sum_, nmax_, 3, "dbar:average");
  memory->grow(last_, nmax_, 3, "dbar:last");
}

void WindowAverage::copy(int i, int j) {
  std::copy_n(sum_[i], 3, sum_[j]);
  std::copy_n(last_[i], 3, last_[j]);
}

// Present coordinates in the frame of the newest sample: as the others, they follow a flip with the next one.
void WindowAverage::present(int i, double s[3]) const {
  const BoxFrame now = frame();
  double flip[3];
  now.to_frame(atom->x[i], s);
  if (samples_ > 0 && now.flipped_since(last_frame_, flip))
    BoxFrame::undo_flip(flip, s);
}

void WindowAverage::start_new(int i) {
  present(i, last_[i]);
  for (int d = 0; d < 3; ++d)
    sum_[i][d] = last_[i][d] * samples_;
}

void WindowAverage::pack_atom(int i, double *buf) const {
  std::copy_n(sum_[i], 3, buf);
  std::copy_n(last_[i], 3, buf + 3);
}

void WindowAverage::unpack_atom(int i, const double *buf) {
  std::copy_n(buf, 3, sum_[i]);
  std::copy_n(buf + 3, 3, last_[i]);
}

void WindowAverage::unpack_old_atom(int i, const double *buf) {
  std::copy_n(buf, 3, sum_[i]);
  present(i, last_[i]);
  if (samples_ == 0)
    return;
  const double mean[3] = {buf[0] / samples_, buf[1] / samples_, buf[2] / samples_};
  last_frame_.to_nearest(mean, last_[i]);
}

void WindowAverage::pack(double *buf) const {
  buf[0] = samples_;
  last_frame_.pack(buf + 1);
}

void WindowAverage::unpack(const double *buf) {
  samples_ = static_cast<int>(buf[0]);
  last_frame_.unpack(buf + 1);
}

double WindowAverage::memory_usage() const {
  return 6.0 * nmax_ * sizeof(double);
}

} // namespace dbar
