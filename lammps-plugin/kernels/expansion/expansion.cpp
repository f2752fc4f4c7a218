// The coefficients c_anlm themselves, summed over centres.
#include "kernels/density/kernel.h"
#include "kernels/density/selection.h"
#include "kernels/expansion/settings.h"

namespace dbar::expansion {

namespace {

class Expansion : public density::Kernel {
public:
  Expansion(const Settings &settings, std::shared_ptr<const density::Tables> tables,
            std::shared_ptr<const density::Contraction> all)
      : Kernel(std::move(tables), std::move(all)), s_(settings) {}

  std::vector<std::string> labels() const override { return expansion::labels(s_); }
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Expansion>(s_, tables_, contraction_); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  Settings s_;
};

// In the order of the labels.
std::vector<int> sources(const Settings &s, const density::Tables &tables) {
  std::vector<int> all;
  for (int q = 0; q < s.channels(); ++q)
    for (int l = 0; l <= s.lmax; ++l)
      for (int m = -l; m <= l; ++m)
        all.push_back(tables.place(q, l, m));
  return all;
}

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  const Settings s = read_settings(rcut, words, nspecies);
  density::check_size(s.channels() * (s.lmax + 1.0) * (s.lmax + 1.0), name,
                      "use smaller nmax, lmax or fewer neighbors");
  const auto tables =
      std::make_shared<const density::Tables>(neighbours(s), *radial_functions(s, s.lmax), s.accuracy, name);
  return std::make_unique<Expansion>(
      s, tables, std::make_shared<const density::Selection>(sources(s, *tables), tables->coefficients()));
}

} // namespace

Family family() {
  return {make, keywords};
}

} // namespace dbar::expansion
