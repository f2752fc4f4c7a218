// Moments <F, Y_lm>: products of radial functions and harmonics of the neighbours, summed over them.
#pragma once

#include "kernels/density/layout.h"
#include "kernels/isa/simd.h"

namespace dbar::density {
namespace {

// A tile of R functions and M harmonics, summed in registers.
template <int R, int M> void tile(V *sum, int step, const V *f, int fstep, const V *y, int ystep, int slots) {
  V acc[R][M];
  for (int r = 0; r < R; ++r)
    for (int m = 0; m < M; ++m)
      acc[r][m] = sum[m * step + r];
  for (int s = 0; s < slots; ++s, f += fstep, y += ystep)
    for (int m = 0; m < M; ++m) {
      const V each = held(y[m]);
      for (int r = 0; r < R; ++r)
        acc[r][m] += f[r] * each;
    }
  for (int r = 0; r < R; ++r)
    for (int m = 0; m < M; ++m)
      sum[m * step + r] = acc[r][m];
}

constexpr int tile_rows = lanes == 8 ? 4 : 3, tile_columns = lanes == 8 ? 5 : 4;

using Tile = void (*)(V *, int, const V *, int, const V *, int, int);
constexpr Tile tiles[4][5] = {
    {tile<1, 1>, tile<1, 2>, tile<1, 3>, tile<1, 4>, tile<1, 5>},
    {tile<2, 1>, tile<2, 2>, tile<2, 3>, tile<2, 4>, tile<2, 5>},
    {tile<3, 1>, tile<3, 2>, tile<3, 3>, tile<3, 4>, tile<3, 5>},
    {tile<4, 1>, tile<4, 2>, tile<4, 3>, tile<4, 4>, tile<4, 5>},
};

DBAR_INLINE int piece(int left, int most) { // even pieces of at most `most`
  const int pieces = (left + most - 1) / most;
  return (left + pieces - 1) / pieces;
}

// fstep: from the functions of a neighbour to those of the next.
void add_products(const Layout &layout, const V *f, int fstep, const V *y, int slots, V *moments) {
  const int ystep = (layout.largest + 1) * (layout.largest + 1);
  for (int L = 0; L <= layout.largest; ++L)
    for (int i = 0, R; i < layout.summed[L]; i += R) {
      R = piece(layout.summed[L] - i, tile_rows);
      for (int m = 0, M; m < 2 * L + 1; m += M) {
        M = piece(2 * L + 1 - m, tile_columns);
        tiles[R - 1][M - 1](moments + layout.at[L] + m * layout.count[L] + i, layout.count[L], f + layout.first[L] + i,
                            fstep, y + L * L + m, ystep, slots);
      }
    }
}

} // namespace
} // namespace dbar::density
