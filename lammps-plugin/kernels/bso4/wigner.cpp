#include "kernels/bso4/wigner.h"

namespace dbar::bso4 {

Wigner::Wigner(int twojmax) : twojmax_(twojmax), root_((twojmax + 1) * (twojmax + 1)), u_(offset(twojmax + 1)) {
  for (int p = 0; p <= twojmax; ++p)
    for (int q = 1; q <= twojmax; ++q)
      root_[p * (twojmax + 1) + q] = std::sqrt(static_cast<double>(p) / q);
  for (auto &d : du_)
    d.resize(offset(twojmax + 1));
}

void Wigner::mirror(int j, std::vector<Complex> &u) const {
  Complex *m = &u[offset(j)];
  const int last = (j + 1) * (j + 1) - 1;
  for (int i = 0; 2 * i < last; ++i) {
    const int ma = i % (j + 1), mb = i / (j + 1);
    m[last - i] = ((ma + mb) % 2 ? -1.0 : 1.0) * conj(m[i]);
  }
}

void Wigner::evaluate(const Rotation &q) {
  const Complex a = conj(q.a), b = conj(q.b);
  u_[0] = {1.0, 0.0};
  for (int j = 1; j <= twojmax_; ++j) {
    for (int mb = 0; 2 * mb <= j; ++mb) {
      const Complex *below = &u_[offset(j - 1) + mb * j];
      Complex *here = &u_[offset(j) + mb * (j + 1)];
      for (int ma = 0; ma <= j; ++ma) {
        Complex sum;
        if (ma < j)
          sum += root(j - ma, j - mb) * (a * below[ma]);
        if (ma > 0)
          sum += -root(ma, j - mb) * (b * below[ma - 1]);
        here[ma] = sum;
      }
    }
    mirror(j, u_);
  }
}

void Wigner::derivative(const Rotation &q) {
  const Complex a = conj(q.a), b = conj(q.b);
  for (int c = 0; c < 3; ++c) {
    const Complex da = conj(q.da[c]), db = conj(q.db[c]);
    std::vector<Complex> &du = du_[c];
    du[0] = {0.0, 0.0};
    for (int j = 1; j <= twojmax_; ++j) {
      for (int mb = 0; 2 * mb <= j; ++mb) {
        const int below = offset(j - 1) + mb * j;
        Complex *here = &du[offset(j) + mb * (j + 1)];
        for (int ma = 0; ma <= j; ++ma) {
          Complex sum;
          if (ma < j)
            sum += root(j - ma, j - mb) * (da * u_[below + ma] + a * du[below + ma]);
          if (ma > 0)
            sum += -root(ma, j - mb) * (db * u_[below + ma - 1] + b * du[below + ma - 1]);
          here[ma] = sum;
        }
      }
      mirror(j, du);
    }
  }
}

} // namespace dbar::bso4
