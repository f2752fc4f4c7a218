// Strain derivatives of the moments.
#include "kernels/bso4/lanes/tables.h"
#include "kernels/density/strain_maps.h"

#include <algorithm>
#include <cmath>

namespace dbar::bso4 {

void make_strain(StrainTables &tables, int twojmax, const Layout &plain, const Layout &layout) {
  for (int l = 0; l <= twojmax; ++l) {
    tables.value_part.push_back(density::same_part(l));
    for (int c = 0; c < density::traceless_components; ++c) {
      const density::StrainMap map = density::strain_map(c, l);
      struct Source {
        const density::Matrix &matrix;
        int L, kind;
      };
      const Source sources[] = {{map.up, l + 2, RISE}, {map.same, l, SLOPE}, {map.down, l - 2, FALL}};
      for (int m = 0; m < 2 * l + 1; ++m) {
        const int begin = static_cast<int>(tables.term.size());
        for (const Source &s : sources) {
          if (s.matrix.empty())
            continue;
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
