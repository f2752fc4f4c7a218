// Strain derivatives of the moments: r_a d(F Y_lm)/dr_b is a sum over Y_L with L = l, l+-2, by
//   n_b Y_l = (X_b Y)_{l+1} + (X_b Y)_{l-1}   and
//   r d(F Y_l)/dr_b = (rF' - l F) (X_b Y)_{l+1} + (rF' + (l+1) F) (X_b Y)_{l-1}
// (gradient formula, Varshalovich 5.8.3).
#include "kernels/bso4/lanes/tables.h"

#include <algorithm>
#include <cmath>

namespace dbar::bso4 {

namespace {

using Matrix = std::vector<std::vector<double>>;

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

void make_strain(StrainTables &tables, int twojmax, const Layout &plain, const Layout &layout) {
  for (int l = 0; l <= twojmax; ++l) {
    // On the way back to l the two intermediate degrees have the same matrix up to a factor
    // (Wigner-Eckart): share d of it goes with rF' - lF and 1-d with rF' + (l+1)F.
    double d = 0.0;
    if (l > 0) {
      const double above = way(traceless[0], l, l + 1, l)[0][0];
      d = above / (above + way(traceless[0], l, l - 1, l)[0][0]);
    }
    tables.value_part.push_back(l > 0 ? (l + 1) * (1.0 - d) - l * d : 0.0);

    for (int c = 0; c < 5; ++c) {
      struct Source {
        Matrix matrix;
        int L, kind;
      };
      std::vector<Source> sources = {{way(traceless[c], l, l + 1, l + 2), l + 2, RISE}};
      if (l > 0) {
        Matrix same = way(traceless[c], l, l + 1, l);
        const Matrix below = way(traceless[c], l, l - 1, l);
        for (std::size_t i = 0; i < same.size(); ++i)
          for (std::size_t j = 0; j < same.size(); ++j)
            same[i][j] += below[i][j];
        sources.push_back({same, l, SLOPE});
      }
      if (l > 1)
        sources.push_back({way(traceless[c], l, l - 1, l - 2), l - 2, FALL});
      for (int m = 0; m < 2 * l + 1; ++m) {
        const int begin = static_cast<int>(tables.term.size());
        for (const Source &s : sources) {
          const int at = layout.at[s.L] + layout.kind[s.L][s.kind];
          for (int k = 0; k < 2 * s.L + 1; ++k)
            if (std::abs(s.matrix[k][m]) > 1e-14)
              tables.term.push_back({at + k * layout.count[s.L], s.matrix[k][m]});
        }
        tables.output.push_back({l, plain.at[l] + m * plain.count[l], c, begin, static_cast<int>(tables.term.size())});
      }
    }
  }
  // Loops of the same length one after the other are what a processor foresees best.
  std::stable_sort(tables.output.begin(), tables.output.end(), [](const StrainOutput &x, const StrainOutput &y) {
    return std::make_pair(x.l, x.end - x.begin) < std::make_pair(y.l, y.end - y.begin);
  });
}

} // namespace dbar::bso4
