#include "kernels/isa/lane_rows.h"

#include "kernels/isa/lane_copies.h"

namespace dbar {

namespace {

const LaneCopies &copies() {
  return in_use_or_portable([](auto isa) { return lane_copies(isa); });
}

} // namespace

void to_rows(int K, int count, const double *x, const int *row, double *out) {
  copies().to_rows(K, count, x, row, out);
}

void lane_products(int n, const double *x, const double *y, double *sum) {
  copies().products(n, x, y, sum);
}

LaneThetas::LaneThetas(const Descriptor::ThetaOf &theta_of, int K, int lanes)
    : theta_of_(theta_of), K_(K), B_(static_cast<std::size_t>(K) * lanes), theta_(B_.size()) {}

void LaneThetas::find(int count, const int *centre, const double *B, double *theta) {
  copies().to_rows(K_, count, B, nullptr, B_.data());
  theta_of_(count, centre, B_.data(), theta_.data());
  copies().to_lanes(K_, theta_.data(), theta);
}

} // namespace dbar
