#include "kernels/density/tables.h"

#include "kernels/density/strain_maps.h"
#include "kernels/pi.h"

#include <algorithm>
#include <cmath>

namespace dbar::density {

namespace {

template <class... T> std::size_t bytes(const std::vector<T> &...each) {
  return (std::size_t{0} + ... + (each.size() * sizeof(T)));
}

} // namespace

Tables::Tables(const Neighbours &neighbours, const RadialFunctions &functions, double accuracy,
               const std::string &family)
    : splines_(functions, neighbours.rcut, accuracy, family), recursion_(neighbours.lmax + 2),
      slot_of_(neighbours.nspecies, -1), set_(neighbours.set) {
  Plan &p = plan_;
  p.nmax = functions.count();
  p.lmax = neighbours.lmax;
  p.species = neighbours.nspecies;
  const bool together = !neighbours.together.empty();
  weight_ = together ? neighbours.together : std::vector<double>(p.species, 1.0);
  const int expanded = static_cast<int>(neighbours.expanded.size());
  p.slots = together || neighbours.mixed ? 1 : expanded;
  for (int a = 0; a < expanded; ++a)
    slot_of_[neighbours.expanded[a]] = neighbours.mixed ? 0 : a;
  if (together)
    std::fill(slot_of_.begin(), slot_of_.end(), 0);
  p.set = set_.empty() ? nullptr : set_.data();
  p.slot_of = slot_of_.data();
  p.weight = weight_.data();
  p.rcutsq = neighbours.rcut * neighbours.rcut;
  p.solid = functions.solid();
  p.splines = {functions.shift(), splines_.spacing(), splines_.intervals(),
               splines_.padded(), splines_.knots(),   functions.sets() > 1 ? static_cast<long>(splines_.of_a_set()) : 0,
               neighbours.rcut,   neighbours.width,   neighbours.c,
               neighbours.r0,     neighbours.m};
  p.harmonics = recursion_.view();
  p.constant = std::sqrt(0.25 / pi);
  harmonics();
  layouts();
  strain();
  if (neighbours.centre != 0.0) {
    std::vector<double> at_zero(3 * functions.sets() * p.nmax);
    functions.evaluate(0, functions.shift(), at_zero.data());
    for (int a = 0; a < p.species; ++a)
      for (int n = 0; n < p.nmax; ++n)
        own_.push_back(neighbours.centre * p.constant * at_zero[(p.set ? p.set[a * p.species + a] : 0) * p.nmax + n]);
    p.own = own_.data();
  }
}

void Tables::harmonics() {
  for (int l = 0; l <= plan_.lmax; ++l)
    for (int m = 0; m <= l; ++m) {
      const double f = (2.0 * l + 1.0) / (2.0 * l - 1.0);
      const double sum = l + m, difference = l - m;
      level_.push_back(m < l ? std::sqrt(f * sum * difference) : 0.0);
      below_.push_back(m > 0 ? 0.5 * std::sqrt((m == 1 ? 2.0 : 1.0) * f * sum * (sum - 1.0)) : 0.0);
      above_.push_back(m + 1 < l ? 0.5 * std::sqrt((m == 0 ? 2.0 : 1.0) * f * difference * (difference - 1.0)) : 0.0);
    }
  plan_.gradient = {level_.data(), below_.data(), above_.data()};
}

void Tables::layouts() {
  const int nmax = plan_.nmax, lmax = plan_.lmax;
  for (const bool strained : {false, true}) {
    const int largest = strained ? lmax + 2 : lmax;
    int functions = 0, moments = 0;
    for (int L = 0; L <= largest; ++L) {
      const bool here = L <= lmax;
      const bool has[KINDS] = {here, strained && here, strained && L >= 2, strained && L + 2 <= lmax};
      std::array<int, KINDS> begin{};
      int count = 0;
      for (int kind = 0; kind < KINDS; ++kind) {
        begin[kind] = count;
        count += has[kind] ? nmax : 0;
      }
      first_[strained].push_back(!strained && !plan_.solid ? 0 : functions); // all l may share them
      summed_[strained].push_back(count);
      at_[strained].push_back(moments);
      count_[strained].push_back(count);
      if (strained)
        kind_.push_back(begin);
      functions += count;
      moments += count * (2 * L + 1);
    }
    (strained ? plan_.strained : plan_.value) = {largest,
                                                 strained ? functions : plan_.splines.padded,
                                                 moments,
                                                 first_[strained].data(),
                                                 summed_[strained].data(),
                                                 at_[strained].data(),
                                                 count_[strained].data()};
  }
  plan_.kind = reinterpret_cast<const int (*)[KINDS]>(kind_.data());
}

void Tables::strain() {
  const Layout &layout = plan_.strained;
  for (int l = 0; l <= plan_.lmax; ++l) {
    same_part_.push_back(same_part(l));
    for (int c = 0; c < traceless_components; ++c) {
      const StrainMap map = strain_map(c, l);
      struct Source {
        const Matrix &matrix;
        int L, kind;
      };
      const Source sources[] = {{map.up, l + 2, RISE}, {map.same, l, SAME}, {map.down, l - 2, FALL}};
      for (int m = 0; m < 2 * l + 1; ++m) {
        const int begin = static_cast<int>(term_.size());
        for (const Source &s : sources) {
          if (s.matrix.empty())
            continue;
          const int at = layout.at[s.L] + plan_.kind[s.L][s.kind];
          for (int k = 0; k < 2 * s.L + 1; ++k)
            if (std::abs(s.matrix[k][m]) > 1e-14)
              term_.push_back({at + k * layout.count[s.L], s.matrix[k][m]});
        }
        output_.push_back({l * l + m, c, begin, static_cast<int>(term_.size())});
      }
    }
  }
  // Loops of the same length one after the other are what a processor foresees best.
  std::stable_sort(output_.begin(), output_.end(),
                   [](const StrainOutput &x, const StrainOutput &y) { return x.end - x.begin < y.end - y.begin; });
  plan_.same_part = same_part_.data();
  plan_.strain_outputs = static_cast<int>(output_.size());
  plan_.strain_output = output_.data();
  plan_.strain_term = term_.data();
}

int Tables::place(int q, int l, int m) const {
  const int harmonic = m == 0 ? 0 : m > 0 ? 2 * m - 1 : -2 * m;
  return (l * l + harmonic) * plan_.slots * plan_.nmax + q;
}

std::size_t Tables::memory_usage() const {
  std::size_t sum = splines_.memory_usage() + recursion_.memory_usage() +
                    bytes(slot_of_, set_, weight_, level_, below_, above_, same_part_, own_, kind_, output_, term_);
  for (const bool strained : {false, true})
    sum += bytes(first_[strained], summed_[strained], at_[strained], count_[strained]);
  return sum;
}

Operations Tables::operations(Task task) const {
  const bool strain = task == Task::strain;
  const Layout &layout = strain ? plan_.strained : plan_.value;
  const double functions = plan_.splines.padded, harmonics = (plan_.lmax + 1.0) * (plan_.lmax + 1.0);
  constexpr double weights = 40.0; // of the knots, with the cutoff function
  const auto of_harmonics = [](int largest) { return 2.5 * (largest + 1) * (largest + 2); };
  Operations n{};
  n.per_neighbour = weights + 6.0 * functions * (strain ? 2 : 1) + of_harmonics(layout.largest);
  n.per_neighbour += strain ? 3.0 * layout.functions / KINDS : 0.0;
  for (int L = 0; L <= layout.largest; ++L)
    n.per_neighbour += layout.summed[L] * (2 * L + 1);
  if (strain)
    n.per_centre = plan_.slots * plan_.nmax * (static_cast<double>(term_.size()) + 2.0 * harmonics);
  if (task == Task::gradient)
    n.per_neighbour +=
        weights + 12.0 * functions + 2.0 * plan_.nmax * harmonics + of_harmonics(plan_.lmax) + 6.0 * harmonics;
  return n;
}

} // namespace dbar::density
