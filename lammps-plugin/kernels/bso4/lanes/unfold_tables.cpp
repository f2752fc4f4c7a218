// u^j(ma,mb) = sum_l (-i)^l sqrt(2l+1)/(j+1) <j ma l mu | j mb> chi_jl Y_l,mu with mu = mb - ma
// (Varshalovich 4.5.2): from moments to the half matrices, and the transpose of that map.
#include "kernels/bso4/lanes/tables.h"

#include <algorithm>
#include <cmath>

namespace dbar::bso4 {

namespace {

void sort_by_terms(std::vector<Output> &outputs) {
  std::stable_sort(outputs.begin(), outputs.end(),
                   [](const Output &x, const Output &y) { return x.end - x.begin < y.end - y.begin; });
}

} // namespace

void make_unfold(UnfoldTables &tables, int twojmax, const Layout &plain) {
  for (int j = 0; j <= twojmax; ++j) {
    tables.half_at.push_back(static_cast<int>(tables.unfold.size() / 2));
    for (int ma = 0; ma <= j; ++ma) // the order of half_index()
      for (int mb = 0; 2 * mb <= j; ++mb) {
        const double weight = half_weight(j, ma, mb);
        if (weight == 0.0)
          continue;
        const int mu = mb - ma, m = std::abs(mu);
        std::vector<Term> part[2]; // real, imaginary
        for (int l = m; l <= j; ++l) {
          const double c = weight * std::sqrt(2.0 * l + 1.0) / (j + 1.0) * clebsch_gordan(j, ma, 2 * l, mu + l, j);
          if (c == 0.0)
            continue;
          // Y_l,mu = (-1)^mu (cosine + i sine) / sqrt(2), its conjugate without sign if mu < 0.
          const double y = m == 0 ? c : c * std::sqrt(0.5) * (mu > 0 && mu % 2 ? -1.0 : 1.0);
          const double re[4] = {1, 0, -1, 0}, im[4] = {0, -1, 0, 1}; // (-i)^l
          const auto place = [&](int i) { return plain.at[l] + i * plain.count[l] + j - l; };
          const int cosine = place(m == 0 ? 0 : 2 * m - 1), sine = place(2 * m);
          const double up = mu < 0 ? -1.0 : 1.0;
          if (l % 2 == 0) {
            part[0].push_back({cosine, re[l % 4] * y});
            if (m > 0)
              part[1].push_back({sine, up * re[l % 4] * y});
          } else {
            part[1].push_back({cosine, im[l % 4] * y});
            if (m > 0)
              part[0].push_back({sine, -up * im[l % 4] * y});
          }
        }
        for (const auto &terms : part) {
          const int begin = static_cast<int>(tables.unfold_term.size());
          tables.unfold_term.insert(tables.unfold_term.end(), terms.begin(), terms.end());
          const int place = static_cast<int>(tables.unfold.size());
          tables.unfold.push_back({place, begin, static_cast<int>(tables.unfold_term.size())});
        }
      }
  }
  std::vector<std::vector<Term>> transpose(offset(twojmax + 1));
  for (std::size_t e = 0; e < tables.unfold.size(); ++e)
    for (int i = tables.unfold[e].begin; i < tables.unfold[e].end; ++i) {
      const Term &t = tables.unfold_term[i];
      transpose[t.source].push_back({static_cast<int>(e), t.factor});
    }
  for (const auto &terms : transpose) {
    const int begin = static_cast<int>(tables.fold_term.size());
    tables.fold_term.insert(tables.fold_term.end(), terms.begin(), terms.end());
    const int place = static_cast<int>(tables.fold.size());
    tables.fold.push_back({place, begin, static_cast<int>(tables.fold_term.size())});
  }
  sort_by_terms(tables.unfold);
  sort_by_terms(tables.fold);
}

} // namespace dbar::bso4
