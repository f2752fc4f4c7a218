// A family that does nothing: what a new one needs at the least.
#include "kernels/settings.h"

#include <algorithm>

namespace dbar::zero {

namespace {

struct Settings {
  double rcut = 0.0;
  int nspecies = 1;
  int count = 3;
};

const Setting<Settings> table[] = {
    {"count", kind::integer, [](Settings &s, Words &words) { s.count = words.integer(1, 100); },
     [](const Settings &s) { return std::to_string(s.count); }},
};

class Zero : public Descriptor {
public:
  explicit Zero(const Settings &settings) : s_(settings) {}

  int size() const override { return s_.count; }
  std::vector<std::string> labels() const override { return std::vector<std::string>(s_.count, "0"); }
  int nspecies() const override { return s_.nspecies; }
  double cutoff() const override { return s_.rcut; }
  double cutoff(int, int) const override { return s_.rcut; }
  void accumulate(const Batch &, double *, double *) override {}
  void per_centre(const Batch &batch, double *B) override { std::fill_n(B, batch.n * size(), 0.0); }
  void gradient(const Batch &batch, const double *, double (*grad)[3], double *energy) override {
    std::fill_n(grad ? grad[0] : nullptr, 3 * batch.first[batch.n], 0.0);
    if (energy)
      std::fill_n(energy, batch.n, 0.0);
  }
  std::unique_ptr<Descriptor> clone() const override { return std::make_unique<Zero>(s_); }
  std::size_t memory_usage() const override { return sizeof(*this); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return describe(table, "zero", s_); }

private:
  Settings s_;
};

} // namespace

Family family() {
  const auto make = [](double rcut, Words &words, int nspecies) -> std::unique_ptr<Descriptor> {
    Settings settings;
    settings.rcut = rcut;
    settings.nspecies = nspecies;
    read_words(table, words, settings);
    return std::make_unique<Zero>(settings);
  };
  return {make, [] { return keywords(table, Settings()); }};
}

} // namespace dbar::zero
