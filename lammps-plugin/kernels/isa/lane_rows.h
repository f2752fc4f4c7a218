// Numbers of the centres that share vectors: [K][lanes], a lane each, and as rows of K numbers, a row each.
#pragma once

#include "kernels/descriptor.h"

#include <vector>

namespace dbar {

// Writes the row of the centre in each of the first `count` lanes to out[row[lane] K], or out[lane K] if row is null.
void to_rows(int K, int count, const double *x, const int *row, double *out);

// sum[lane] of the products of the n numbers in each lane.
void lane_products(int n, const double *x, const double *y, double *sum);

// Finds the theta of the centres of a vector from their B, both in lanes. What it gives lanes without a centre means
// nothing.
class LaneThetas {
public:
  LaneThetas(const Descriptor::ThetaOf &theta_of, int K, int lanes);
  void find(int count, const int *centre, const double *B, double *theta);

private:
  const Descriptor::ThetaOf &theta_of_;
  int K_;
  std::vector<double> B_, theta_;
};

} // namespace dbar
