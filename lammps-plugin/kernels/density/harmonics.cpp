#define DBAR_LANES 2 // vectors that every processor has

#include "kernels/density/harmonics.h"

#include "kernels/density/recursion.h"
#include "kernels/pi.h"

#include <cmath>
#include <cstring>

namespace dbar::density {

namespace {

constexpr int width = DBAR_LANES;

// Vectors in memory are aligned as numbers are.
DBAR_INLINE V load(const double *from) {
  V x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

DBAR_INLINE void store(double *to, V x) {
  std::memcpy(to, &x, sizeof x);
}

} // namespace

Harmonics::Harmonics(int lmax) : lmax_(lmax), tables_(lmax), value_(lanes * size()), gradient_(3 * lanes * size()) {
  for (int l = 0; l <= lmax; ++l)
    for (int m = 0; m <= l; ++m) {
      const double f = (2.0 * l + 1.0) / (2.0 * l - 1.0);
      const double sum = l + m, difference = l - m;
      level_.push_back(m < l ? std::sqrt(f * sum * difference) : 0.0);
      below_.push_back(m > 0 ? 0.5 * std::sqrt((m == 1 ? 2.0 : 1.0) * f * sum * (sum - 1.0)) : 0.0);
      above_.push_back(m + 1 < l ? 0.5 * std::sqrt((m == 0 ? 2.0 : 1.0) * f * difference * (difference - 1.0)) : 0.0);
    }
}

std::size_t Harmonics::memory_usage() const {
  return tables_.memory_usage() +
         sizeof(double) * (level_.size() + below_.size() + above_.size() + value_.size() + gradient_.size());
}

// With R_l^m = X_lm + i X_l-m and unnormalised: dR_l^m/dz = (l+m) R_(l-1)^m, (d/dx + i d/dy) R_l^m = -R_(l-1)^(m+1) and
// (d/dx - i d/dy) R_l^m = (l+m) (l+m-1) R_(l-1)^(m-1).
void Harmonics::derive(int l, int m) {
  const int i = l * (l + 1) / 2 + m;
  double *positive = &gradient_[lanes * (l * l + l + m)], *negative = &gradient_[lanes * (l * l + l - m)];
  const int next = lanes * size(); // from x to y to z
  for (int p = 0; p < lanes; p += width) {
    const auto degree_below = [&](int k) { return load(value(l * l - l + k) + p); }; // X_(l-1)k, at (l-1)^2 + (l-1) + k
    V x{}, y{}, z{}, xs{}, ys{}, zs{};
    if (m < l) {
      z = level_[i] * degree_below(m);
      if (m > 0)
        zs = level_[i] * degree_below(-m);
    }
    if (m + 1 < l) {
      const V c = above_[i] * degree_below(m + 1), s = above_[i] * degree_below(-m - 1);
      x -= c;
      y -= s;
      xs -= s;
      ys += c;
    }
    if (m > 0) {
      const V c = below_[i] * degree_below(m - 1);
      x += c;
      ys += c;
      if (m > 1) {
        const V s = below_[i] * degree_below(1 - m);
        xs += s;
        y -= s;
      }
    }
    store(positive + p, x);
    store(positive + next + p, y);
    store(positive + 2 * next + p, z);
    if (m > 0) {
      store(negative + p, xs);
      store(negative + next + p, ys);
      store(negative + 2 * next + p, zs);
    }
  }
}

void Harmonics::evaluate(const Lanes *r, bool gradients) {
  for (int p = 0; p < lanes; p += width) {
    const V at[3] = {load(r[0] + p), load(r[1] + p), load(r[2] + p)};
    const V rsq = at[0] * at[0] + at[1] * at[1] + at[2] * at[2];
    harmonics(
        tables_.view(), lmax_, at, broadcast(std::sqrt(0.25 / pi)), [&](double drop) { return drop * rsq; },
        [&](int l, int m, V c, V s) {
          store(&value_[lanes * (l * l + l + m) + p], c);
          if (m > 0)
            store(&value_[lanes * (l * l + l - m) + p], s);
        });
  }
  if (!gradients)
    return;
  for (int l = 0; l <= lmax_; ++l)
    for (int m = 0; m <= l; ++m)
      derive(l, m);
}

} // namespace dbar::density
