#include "kernels/afs/series.h"

#include "kernels/pi.h"

namespace dbar::afs {

// T_(l+1) = 2 x T_l - T_(l-1) with x P_k = ((k+1) P_(k+1) + k P_(k-1)) / (2k+1).
std::vector<double> chebyshev_by_legendre(int lmax) {
  const int n = lmax + 1;
  std::vector<long double> t(n * n, 0.0L);
  t[0] = 1.0L;
  if (n > 1)
    t[n + 1] = 1.0L;
  for (int l = 1; l + 1 < n; ++l)
    for (int k = 0; k <= l; ++k) {
      const long double x = 2.0L * t[l * n + k] / (2 * k + 1);
      t[(l + 1) * n + k + 1] += (k + 1) * x;
      if (k > 0)
        t[(l + 1) * n + k - 1] += k * x;
      t[(l + 1) * n + k] -= t[(l - 1) * n + k];
    }
  return {t.begin(), t.end()};
}

// By the addition theorem P_l(n.n') = 4 pi / (2l+1) sum_m Y_lm(n) Y_lm(n').
FourierSeries::FourierSeries(int nmax, int lmax)
    : nmax_(nmax), lmax_(lmax), chebyshev_(chebyshev_by_legendre(lmax)),
      entry_(in_use_or_portable([](auto isa) { return entry(isa); })) {
  for (int l = 0; l <= lmax; ++l)
    for (int k = 0; k <= lmax; ++k)
      chebyshev_[l * (lmax + 1) + k] *= 4.0 * pi / (2 * k + 1);
  series_ = {nmax, lmax, chebyshev_.data()};
}

Operations FourierSeries::operations(Task task) const {
  const double harmonics = (lmax_ + 1.0) * (lmax_ + 1.0), maps = (lmax_ + 1.0) * (lmax_ + 2.0) / 4.0;
  Operations n{};
  n.per_centre = nmax_ * (harmonics + maps) * (task == Task::strain ? 7.0 : 1.0);
  return n;
}

} // namespace dbar::afs
