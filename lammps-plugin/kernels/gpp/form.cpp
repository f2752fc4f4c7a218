#include "kernels/gpp/form.h"

#include "kernels/words.h"

#include <algorithm>

namespace dbar::gpp {

double Form::cutoff() const {
  double largest = 0.0;
  for (const auto *curves : {&pair, &density})
    for (const auto &curve : *curves)
      largest = std::max(largest, curve->cutoff());
  return largest;
}

Form Form::chosen(const std::vector<std::string> &names) const {
  std::vector<int> which;
  for (const std::string &name : names) {
    const auto at = std::find(elements.begin(), elements.end(), name);
    if (at == elements.end()) {
      std::string all;
      for (const std::string &element : elements)
        all += (all.empty() ? "" : ", ") + element;
      throw BadSetting("element: found '" + shown(name) + "', expected one that the file has: " + all);
    }
    which.push_back(static_cast<int>(at - elements.begin()));
  }
  Form some;
  some.pair_kind = pair_kind;
  for (const int a : which) {
    some.elements.push_back(elements[a]);
    some.masses.push_back(masses[a]);
    some.embedding.push_back(embedding[a]);
    for (const int b : which) {
      some.pair.push_back(pair[a * size() + b]);
      some.density.push_back(density[a * size() + b]);
    }
  }
  return some;
}

} // namespace dbar::gpp
