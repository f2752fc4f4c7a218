#include "kernels/bso4/lanes/tables.h"

#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::bso4 {

namespace {

// The blocks that give D alone: for each component the smallest of its targets, which is the
// cheapest.
std::vector<Block> value_blocks(const std::vector<Block> &blocks) {
  std::vector<Block> best;
  for (const Block &b : blocks)
    if (best.empty() || best.back().component != b.component)
      best.push_back(b);
    else if (b.t < best.back().t)
      best.back() = b;
  for (Block &b : best)
    b.value = true;
  return best;
}

template <class... T> std::size_t bytes(const std::vector<T> &...each) {
  return (std::size_t{0} + ... + (each.size() * sizeof(T)));
}

} // namespace

std::size_t memory_usage(const CouplingTables &t) {
  return bytes(t.range, t.unit, t.column_pair, t.z_at, t.ca, t.cb, t.cb_block, t.group, t.block);
}

std::size_t Tables::memory_usage() const {
  return bytes(blocks_, rcutsq_, scale_, weight_, kappa_, chi_first_, chi_alpha_, chi_beta_, chi_lower_, chi_upper_) +
         harmonics_.memory_usage() + bytes(strain_.output, strain_.term, strain_.value_part) +
         bytes(unfold_.unfold, unfold_.fold, unfold_.unfold_term, unfold_.fold_term) +
         bso4::memory_usage(value_couplings_) + bso4::memory_usage(strain_couplings_) + bso4::memory_usage(adjoint_);
}

Tables::Tables(const Settings &settings) : harmonics_(settings.twojmax + 2) {
  const auto list = components(settings.twojmax, settings.diagonal);
  blocks_ = bso4::blocks(list);
  const int twojmax = settings.twojmax;
  Plan &p = plan_;
  p.twojmax = twojmax;
  p.components = static_cast<int>(list.size());
  p.species = settings.nspecies;
  p.rfac0 = settings.rfac0;
  p.rmin0 = settings.rmin0;
  p.switching = settings.switching;
  for (int i = 0; i < settings.nspecies; ++i)
    for (int j = 0; j < settings.nspecies; ++j) {
      const double rcut = settings.cutoff(i, j);
      rcutsq_.push_back(rcut * rcut);
      scale_.push_back(pi / (rcut - settings.rmin0));
      weight_.push_back(settings.weight[j]);
    }
  p.rcutsq = rcutsq_.data();
  p.scale = scale_.data();
  p.weight = weight_.data();
  radial(settings);
  p.harmonics = harmonics_.view();
  descent();
  make_layout(plain_, twojmax, false);
  make_layout(strained_, twojmax, true);
  p.plain = plain_.view;
  p.strained = strained_.view;
  make_strain(strain_, twojmax, plain_.view, strained_.view);
  p.strain_outputs = static_cast<int>(strain_.output.size());
  p.strain_output = strain_.output.data();
  p.strain_term = strain_.term.data();
  p.value_part = strain_.value_part.data();
  make_unfold(unfold_, twojmax, plain_.view);
  p.half_elements = static_cast<int>(unfold_.unfold.size() / 2);
  p.unfold = unfold_.unfold.data();
  p.unfold_term = unfold_.unfold_term.data();
  p.fold = unfold_.fold.data();
  p.fold_term = unfold_.fold_term.data();
  p.half_at = unfold_.half_at.data();
  make_couplings(value_couplings_, value_blocks(blocks_), unfold_.half_at, false);
  make_couplings(strain_couplings_, blocks_, unfold_.half_at, false);
  p.value = value_couplings_.view;
  p.strain = strain_couplings_.view;
}

const CouplingTables &Tables::adjoint() const {
  std::call_once(adjoint_made_, [this] { make_couplings(adjoint_, blocks_, unfold_.half_at, true); });
  return adjoint_;
}

// chi_jl = 2^l l! sqrt((j+1)(j-l)!/(j+l+1)!) sin^l C_{j-l}^{(l+1)}(cos), C a Gegenbauer polynomial
// (Varshalovich 4.15).
void Tables::radial(const Settings &settings) {
  const int twojmax = settings.twojmax;
  const auto norm = [](int j, int l) {
    double square = j + 1.0;
    for (int i = j - l + 1; i <= j + l + 1; ++i)
      square /= i;
    return std::sqrt(square);
  };
  for (int j = 0; j <= twojmax; ++j)
    for (int l = 0; l <= j; ++l) {
      double first = norm(l, l);
      for (int i = 1; i <= l; ++i)
        first *= 2.0 * i;
      chi_first_.push_back(first);
      const bool one = j > l, two = j > l + 1;
      chi_alpha_.push_back(one ? 2.0 * j / (j - l) * norm(j, l) / norm(j - 1, l) : 0.0);
      chi_beta_.push_back(two ? (j + l) * norm(j, l) / norm(j - 2, l) / (j - l) : 0.0);
      const auto root = [j](int k) { return std::sqrt((j + 1.0) * (j + 1.0) - k * k); };
      chi_lower_.push_back(l * root(l) / (2 * l + 1));
      chi_upper_.push_back(l < j ? (l + 1) * root(l + 1) / (2 * l + 1) : 0.0);
    }
  plan_.chi_first = chi_first_.data();
  plan_.chi_alpha = chi_alpha_.data();
  plan_.chi_beta = chi_beta_.data();
  plan_.chi_lower = chi_lower_.data();
  plan_.chi_upper = chi_upper_.data();
}

// kappa^l_jj' = 2/pi int chi_jl chi_j'l-2 sin^2 dtheta, as the chi of one l are orthogonal under
// this integral; by Gauss-Chebyshev quadrature, which is exact here.
void Tables::descent() {
  const int size = plan_.twojmax + 1;
  kappa_.assign(size * size * size, 0.0);
  const auto chi = [this](int j, int l, double theta) {
    const double *alpha = plan_.chi_alpha, *beta = plan_.chi_beta;
    double below = 0.0, here = plan_.chi_first[l * (l + 1) / 2 + l] * std::pow(std::sin(theta), l);
    for (int k = l + 1; k <= j; ++k) {
      const int i = k * (k + 1) / 2 + l;
      const double next = alpha[i] * std::cos(theta) * here - beta[i] * below;
      below = here;
      here = next;
    }
    return here;
  };
  const int nodes = size + 1;
  for (int l = 2; l < size; ++l)
    for (int j = l; j < size; ++j)
      for (int k = l - 2 + (j - l) % 2; k <= j; k += 2)
        for (int i = 1; i <= nodes; ++i) {
          const double theta = pi * i / (nodes + 1);
          const double sine = std::sin(theta);
          kappa_[(l * size + j) * size + k] +=
              2.0 / (nodes + 1) * sine * sine * chi(j, l, theta) * chi(k, l - 2, theta);
        }
  plan_.kappa = kappa_.data();
}

void make_layout(LayoutTables &tables, int twojmax, bool strain) {
  const int largest = strain ? twojmax + 2 : twojmax;
  int functions = 0, moments = 0;
  for (int L = 0; L <= largest; ++L) {
    // The number of j from l to twojmax.
    const auto number = [&](int l) { return l < 0 ? 0 : std::max(0, twojmax + 1 - l); };
    int each[KINDS] = {};
    each[VALUE] = number(L);
    if (strain) {
      each[RISE] = number(L - 2);
      each[SLOPE] = number(L);
      each[FALL] = number(L + 2);
    }
    std::array<int, KINDS> begin{};
    int count = 0;
    for (int k = 0; k < KINDS; ++k) {
      begin[k] = count;
      count += each[k];
    }
    const int summed = each[VALUE] + each[RISE] + (L < 2 ? each[SLOPE] : 0);
    tables.first.push_back(functions);
    tables.summed.push_back(summed);
    tables.at.push_back(moments);
    tables.count.push_back(count);
    tables.kind.push_back(begin);
    functions += summed;
    moments += count * (2 * L + 1);
  }
  tables.view = {
      {largest, functions, moments, tables.first.data(), tables.summed.data(), tables.at.data(), tables.count.data()},
      reinterpret_cast<const int (*)[KINDS]>(tables.kind.data())};
}

} // namespace dbar::bso4
