#include "kernels/density/strain_maps.h"

#include <cmath>

namespace dbar::density {

namespace {

Matrix zero(int rows, int columns) {
  return Matrix(rows, std::vector<double>(columns, 0.0));
}

Matrix transposed(const Matrix &x) {
  Matrix out = zero(static_cast<int>(x[0].size()), static_cast<int>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x[0].size(); ++j)
      out[j][i] = x[i][j];
  return out;
}

Matrix product(const Matrix &x, const Matrix &y) {
  Matrix out = zero(static_cast<int>(x.size()), static_cast<int>(y[0].size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t k = 0; k < y.size(); ++k)
      for (std::size_t j = 0; j < y[0].size(); ++j)
        out[i][j] += x[i][k] * y[k][j];
  return out;
}

// Place of the harmonic among the 2l+1: m = 0, then cosine and sine part of each m.
int cosine(int m) {
  return m == 0 ? 0 : 2 * m - 1;
}
int sine(int m) {
  return 2 * m;
}

// n_axis Y_lm = sum_m' up[m'][m] Y_{l+1,m'} + ...; the part towards l-1 is the transpose of the
// matrix of l-1, as multiplication by n_axis is symmetric.
Matrix up(int axis, int l) {
  const auto b = [](int l, int m) { return std::sqrt((l + m - 1.0) * (l + m) / (4.0 * l * l - 1.0)); };
  Matrix x = zero(2 * l + 3, 2 * l + 1);
  for (int m = 0; m <= l; ++m) {
    if (axis == 2) {
      const double a = std::sqrt(((l + 1.0) * (l + 1.0) - m * m) / ((2.0 * l + 1) * (2.0 * l + 3)));
      x[cosine(m)][cosine(m)] = a;
      if (m > 0)
        x[sine(m)][sine(m)] = a;
      continue;
    }
    // (x + iy) Y_m -> p Y_{m+1}, (x - iy) Y_m -> -q Y_{m-1} for Y = cosine + i sine part.
    const double p = 0.5 * b(l + 1, m + 1) * (m == 0 ? std::sqrt(2.0) : 1.0);
    const double q = 0.5 * b(l + 1, 1 - m) * (m == 1 ? std::sqrt(2.0) : 1.0);
    if (axis == 0) {
      x[cosine(m + 1)][cosine(m)] += p;
      if (m > 0)
        x[sine(m + 1)][sine(m)] += p;
      if (m > 0)
        x[cosine(m - 1)][cosine(m)] -= q;
      if (m > 1)
        x[sine(m - 1)][sine(m)] -= q;
    } else {
      x[sine(m + 1)][cosine(m)] += p;
      if (m > 0)
        x[cosine(m + 1)][sine(m)] -= p;
      if (m > 1)
        x[sine(m - 1)][cosine(m)] += q;
      if (m > 0)
        x[cosine(m - 1)][sine(m)] -= q;
    }
  }
  return x;
}

// The traceless components: 2zz-xx-yy, xx-yy, xy, xz, yz as symmetric matrices.
const double traceless[5][3][3] = {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 2}},
                                   {{1, 0, 0}, {0, -1, 0}, {0, 0, 0}},
                                   {{0, .5, 0}, {.5, 0, 0}, {0, 0, 0}},
                                   {{0, 0, .5}, {0, 0, 0}, {.5, 0, 0}},
                                   {{0, 0, 0}, {0, 0, .5}, {0, .5, 0}}};

// sum_ab s_ab X_a X_b for the way l -> via -> to.
Matrix way(const double s[3][3], int l, int via, int to) {
  const auto step = [](int axis, int from, int to) { return to > from ? up(axis, from) : transposed(up(axis, to)); };
  Matrix sum = zero(2 * to + 1, 2 * l + 1);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) {
      if (s[a][b] == 0.0)
        continue;
      const Matrix x = product(step(a, via, to), step(b, l, via));
      for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t j = 0; j < x[0].size(); ++j)
          sum[i][j] += s[a][b] * x[i][j];
    }
  return sum;
}

} // namespace

StrainMap strain_map(int component, int l) {
  const auto &s = traceless[component];
  StrainMap map;
  map.up = way(s, l, l + 1, l + 2);
  if (l > 0) {
    map.same = way(s, l, l + 1, l);
    const Matrix below = way(s, l, l - 1, l);
    for (std::size_t i = 0; i < below.size(); ++i)
      for (std::size_t j = 0; j < below.size(); ++j)
        map.same[i][j] += below[i][j];
  }
  if (l > 1)
    map.down = way(s, l, l - 1, l - 2);
  return map;
}

// On the way back to l the two intermediate degrees have the same matrix up to a factor
// (Wigner-Eckart): share d of it goes with rF' - lF and 1-d with rF' + (l+1)F.
double same_part(int l) {
  if (l == 0)
    return 0.0;
  const double above = way(traceless[0], l, l + 1, l)[0][0];
  const double d = above / (above + way(traceless[0], l, l - 1, l)[0][0]);
  return (l + 1) * (1.0 - d) - l * d;
}

void to_voigt(const double *w, double *voigt) {
  const double zz = (w[0] + w[1]) / 3.0, rest = w[0] - zz;
  const double all[6] = {0.5 * (rest + w[2]), 0.5 * (rest - w[2]), zz, w[3], w[4], w[5]};
  for (int c = 0; c < 6; ++c)
    voigt[c] = all[c];
}

} // namespace dbar::density
