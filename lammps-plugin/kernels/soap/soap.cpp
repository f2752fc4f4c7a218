// The smooth overlap of atomic positions: invariants of the spherical expansion of each centre.
#include "kernels/density/kernel.h"
#include "kernels/density/selection.h"
#include "kernels/soap/bispectrum.h"
#include "kernels/soap/chosen_pairs.h"
#include "kernels/soap/components.h"
#include "kernels/soap/power_spectrum.h"
#include "kernels/soap/settings.h"

namespace dbar::soap {

namespace {

class Soap : public density::Kernel {
public:
  Soap(const Settings &settings, std::shared_ptr<const density::Tables> tables,
       std::shared_ptr<const density::Contraction> invariants)
      : Kernel(std::move(tables), std::move(invariants)), s_(settings) {}

  std::vector<std::string> labels() const override { return soap::labels(s_); }
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Soap>(s_, tables_, contraction_); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(s_); }

private:
  Settings s_;
};

std::shared_ptr<const density::Contraction> invariants(const Settings &s, const density::Tables &tables) {
  if (s.order == 3)
    return std::make_shared<const Bispectrum>(s.channels(), tables.plan().lmax, triples(s));
  if (s.order == 2 && !s.chosen.empty())
    return std::make_shared<const ChosenPairs>(s.channels(), tables.plan().lmax, pairs(s));
  if (s.order == 2)
    return std::make_shared<const PowerSpectrum>(s.channels(), s.lmax);
  std::vector<int> scalars;
  for (const int q : singles(s))
    scalars.push_back(tables.place(q, 0, 0));
  return std::make_shared<const density::Selection>(scalars, tables.coefficients());
}

std::unique_ptr<Descriptor> make(double rcut, Words &words, int nspecies) {
  Settings s = read_settings(rcut, words, nspecies);
  choose(s);
  density::Neighbours around = neighbours(s);
  around.lmax = largest_degree(s); // nobody asks for the others
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
