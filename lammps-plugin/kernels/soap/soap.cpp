// The smooth overlap of atomic positions: invariants of the spherical expansion of each centre.
#include "kernels/density/kernel.h"
#include "kernels/density/selection.h"
#include "kernels/soap/bispectrum.h"
#include "kernels/soap/power_spectrum.h"
#include "kernels/soap/settings.h"

namespace dbar::soap {

namespace {

std::vector<std::string> labels_of(const Settings &s) {
  std::vector<std::string> all;
  const auto label = [&](int q) { return channel_label(s, q); };
  if (s.order == 3) {
    for (const Three &three : components(s.channels(), s.lmax, s.odd)) {
      std::string text;
      for (const auto &[l, q] : three)
        text += (text.empty() ? "" : ",") + label(q) + ",l" + std::to_string(l);
      all.push_back(text);
    }
    return all;
  }
  for (int q = 0; q < s.channels(); ++q) {
    if (s.order == 1)
      all.push_back(label(q));
    for (int p = q; s.order == 2 && p < s.channels(); ++p)
      for (int l = 0; l <= s.lmax; ++l)
        all.push_back(label(q) + "," + label(p) + ",l" + std::to_string(l));
  }
  return all;
}

class Soap : public density::Kernel {
public:
  Soap(const Settings &settings, std::shared_ptr<const density::Tables> tables,
       std::shared_ptr<const density::Contraction> invariants)
      : Kernel(std::move(tables), std::move(invariants)), s_(settings) {}

  std::vector<std::string> labels() const override { return labels_of(s_); }
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Soap>(s_, tables_, contraction_); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  Settings s_;
};

constexpr std::size_t most_components = 500000; // six derivatives of each take 200 MB in every thread

std::vector<Three> three_neighbours(const Settings &s) {
  const auto all = components(s.channels(), s.lmax, s.odd);
  if (all.size() > most_components)
    throw BadSetting("soap order: found 3 with " + std::to_string(all.size()) + " components, expected at most " +
                     std::to_string(most_components) + ": use smaller nmax, lmax or fewer neighbors");
  return all;
}

std::shared_ptr<const density::Contraction> invariants(const Settings &s, const density::Tables &tables) {
  if (s.order == 3)
    return std::make_shared<const Bispectrum>(s.channels(), s.lmax, three_neighbours(s));
  if (s.order == 2)
    return std::make_shared<const PowerSpectrum>(s.channels(), s.lmax);
  std::vector<int> scalars;
  for (int q = 0; q < s.channels(); ++q)
    scalars.push_back(tables.place(q, 0, 0));
  return std::make_shared<const density::Selection>(scalars, tables.coefficients());
}

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  const Settings s = read_settings(rcut, words, nspecies);
  density::Neighbours around = neighbours(s);
  around.lmax = s.order == 1 ? 0 : s.lmax; // nobody asks for the others
  around.centre = s.center;
  around.c = s.c;
  around.r0 = s.r0;
  around.m = s.m;
  const auto tables =
      std::make_shared<const density::Tables>(around, *radial_functions(s, around.lmax), s.accuracy, name);
  return std::make_unique<Soap>(s, tables, invariants(s, *tables));
}

} // namespace

Family family() {
  return {make, keywords};
}

} // namespace dbar::soap
