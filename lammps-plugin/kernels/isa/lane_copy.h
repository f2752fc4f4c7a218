// Copies between vectors and rows, see lane_rows.h: compiled for each instruction set.
#pragma once

#include "kernels/isa/dispatch.h"
#include "kernels/isa/lane_copies.h"
#include "kernels/isa/simd.h"

namespace dbar {

namespace {

// Squares of numbers are transposed in registers; what is left goes one by one.
void to_rows(int K, int count, const double *x, const int *row, double *out) {
  const auto at = [&](int lane, int k) { return out + static_cast<long>(row ? row[lane] : lane) * K + k; };
  int k = 0;
  for (; k + lanes <= K; k += lanes) {
    V square[lanes];
    for (int i = 0; i < lanes; ++i)
      square[i] = ((const V *)x)[k + i];
    transpose(square);
    for (int lane = 0; lane < count; ++lane)
      store(at(lane, k), square[lane]);
  }
  for (; k < K; ++k)
    for (int lane = 0; lane < count; ++lane)
      *at(lane, k) = x[static_cast<long>(k) * lanes + lane];
}

void to_lanes(int K, const double *rows, double *x) {
  int k = 0;
  for (; k + lanes <= K; k += lanes) {
    V square[lanes];
    for (int lane = 0; lane < lanes; ++lane)
      square[lane] = load(rows + static_cast<long>(lane) * K + k);
    transpose(square);
    for (int i = 0; i < lanes; ++i)
      ((V *)x)[k + i] = square[i];
  }
  for (; k < K; ++k)
    for (int lane = 0; lane < lanes; ++lane)
      x[static_cast<long>(k) * lanes + lane] = rows[static_cast<long>(lane) * K + k];
}

void products(int n, const double *x, const double *y, double *sum) {
  constexpr int chains = 4; // which do not wait for each other
  V s[chains] = {};
  const V *a = (const V *)x, *b = (const V *)y;
  int k = 0;
  for (; k + chains <= n; k += chains)
    for (int i = 0; i < chains; ++i)
      s[i] += a[k + i] * b[k + i];
  for (; k < n; ++k)
    s[0] += a[k] * b[k];
  store(sum, s[0] + s[1] + s[2] + s[3]);
}

const LaneCopies copies = {to_rows, to_lanes, products};

} // namespace

const LaneCopies *lane_copies(With<Isa::DBAR_ISA>) {
  return &copies;
}

} // namespace dbar
