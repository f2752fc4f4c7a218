#include "kernels/soap/bispectrum.h"

#include "kernels/density/coupling.h"

#include <algorithm>
#include <map>

namespace dbar::soap {

namespace {

// Pairs of channels in the order in which they are first asked for, and where the coupling of each is.
class Pairs {
public:
  Pairs(std::vector<ChannelRun> &runs, int width, int &scratch)
      : runs_(runs), begin_(runs.size()), width_(width), scratch_(scratch) {}

  int place(int q, int p) {
    const auto [found, made] = at_.try_emplace({q, p}, scratch_);
    if (made) {
      const bool more = runs_.size() > begin_ && runs_.back().q == q && runs_.back().p + runs_.back().count == p &&
                        runs_.back().count < longest_run;
      if (more)
        ++runs_.back().count;
      else
        runs_.push_back({q, p, 1});
      scratch_ += width_;
    }
    return found->second;
  }

private:
  std::vector<ChannelRun> &runs_;
  std::size_t begin_;
  int width_;
  int &scratch_;
  std::map<std::pair<int, int>, int> at_;
};

bool continues(const Triple &t, const ComponentRun &run, const ComponentRun &next) {
  const int n = run.count;
  return n < longest_run && next.q1 == run.q1 && next.q2 == run.q2 && next.q3 == run.q3 + n && next.k == run.k + n &&
         next.z13 == run.z13 + n * (2 * t.l2 + 1) && next.z23 == run.z23 + n * (2 * t.l1 + 1);
}

} // namespace

std::vector<Three> components(int channels, int lmax, bool odd) {
  std::vector<Three> all;
  const auto next = [&](int l, int q) { return std::array<int, 2>{l, q}; };
  for (int l1 = 0; l1 <= lmax; ++l1)
    for (int q1 = 0; q1 < channels; ++q1)
      for (int l2 = l1; l2 <= lmax; ++l2)
        for (int q2 = l2 == l1 ? q1 : 0; q2 < channels; ++q2)
          for (int l3 = l2; l3 <= std::min(lmax, l1 + l2); ++l3)
            for (int q3 = l3 == l2 ? q2 : 0; q3 < channels; ++q3) {
              const Three three = {next(l1, q1), next(l2, q2), next(l3, q3)};
              const bool is_odd = (l1 + l2 + l3) % 2;
              if (is_odd &&
                  (!odd || three[0] == three[1] || three[1] == three[2])) // then it changes its sign by an exchange
                continue;
              all.push_back(three);
            }
  return all;
}

double count(int channels, int lmax, bool odd) {
  const double n = channels;
  double sum = 0.0;
  for (int l1 = 0; l1 <= lmax; ++l1)
    for (int l2 = l1; l2 <= lmax; ++l2)
      for (int l3 = l2; l3 <= std::min(lmax, l1 + l2); ++l3) {
        const bool is_odd = (l1 + l2 + l3) % 2;
        if (is_odd && !odd)
          continue;
        const double step = is_odd ? -1.0 : 1.0; // of equal degrees the channels ascend, or are equal as well
        if (l1 == l3)
          sum += n * (n + step) * (n + 2.0 * step) / 6.0;
        else
          sum += l1 == l2 || l2 == l3 ? n * n * (n + step) / 2.0 : n * n * n;
      }
  return sum;
}

Bispectrum::Bispectrum(int channels, int lmax, const std::vector<Three> &components)
    : channels_(channels), size_(static_cast<int>(components.size())),
      entry_(in_use_or_portable([](auto isa) { return triple_entry(isa); })) {
  std::map<std::array<int, 3>, std::vector<int>> by_degrees;
  for (int k = 0; k < size_; ++k)
    by_degrees[{components[k][0][0], components[k][1][0], components[k][2][0]}].push_back(k);
  for (const auto &each : by_degrees)
    add_triple(components, each.second);
  triples_ = {channels,
              lmax,
              static_cast<int>(triple_.size()),
              triple_.data(),
              bound_.data(),
              element_.data(),
              run_.data(),
              component_.data()};
}

void Bispectrum::add_triple(const std::vector<Three> &components, const std::vector<int> &list) {
  std::vector<Three> mine;
  for (int k : list)
    mine.push_back(components[k]);
  Triple t{};
  t.l1 = mine[0][0][0];
  t.l2 = mine[0][1][0];
  t.l3 = mine[0][2][0];
  int used = 0;
  const std::vector<int> z12 = add_pairing(mine, 0, 1, used, t.of12);
  const std::vector<int> z13 = add_pairing(mine, 0, 2, used, t.of13);
  const std::vector<int> z23 = add_pairing(mine, 1, 2, used, t.of23);
  scratch_ = std::max(scratch_, static_cast<std::size_t>(used));
  t.component = static_cast<int>(component_.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const ComponentRun next = {mine[i][0][1], mine[i][1][1], mine[i][2][1], 1, z12[i], z13[i], z23[i], list[i]};
    if (i > 0 && continues(t, component_.back(), next))
      ++component_.back().count;
    else
      component_.push_back(next);
  }
  t.components_end = static_cast<int>(component_.size());
  triple_.push_back(t);
}

// Couples the degrees i < j of the components to the third; returns where the coupling of each component is.
std::vector<int> Bispectrum::add_pairing(const std::vector<Three> &mine, int i, int j, int &scratch, Pairing &pairing) {
  const auto degree = [&](int which) { return mine[0][which][0]; };
  const int third = 3 - i - j;
  pairing.lx = degree(i);
  pairing.ly = degree(j);
  pairing.l = degree(third);
  pairing.bound = static_cast<int>(bound_.size());
  const auto all = density::couplings(degree(0), degree(1), degree(2));
  for (int m = 0; m < 2 * pairing.l + 1; ++m) {
    bound_.push_back(static_cast<int>(element_.size()));
    for (const density::Coupling &c : all) {
      const int at[3] = {c.m1, c.m2, c.m3};
      if (at[third] == m)
        element_.push_back({at[i] * channels_, at[j] * channels_, c.value});
    }
  }
  bound_.push_back(static_cast<int>(element_.size()));
  pairing.run = static_cast<int>(run_.size());
  Pairs pairs(run_, 2 * pairing.l + 1, scratch);
  std::vector<int> places;
  for (const Three &each : mine)
    places.push_back(pairs.place(each[i][1], each[j][1]));
  pairing.runs_end = static_cast<int>(run_.size());
  return places;
}

Operations Bispectrum::operations(Task task) const {
  const auto coupling = [&](const Pairing &p) {
    const double elements = bound_[p.bound + 2 * p.l + 1] - bound_[p.bound];
    double sum = 0.0;
    for (int r = p.run; r < p.runs_end; ++r)
      sum += elements * (1.0 + run_[r].count); // what is the same for all of a run once
    return sum;
  };
  double sum = 0.0;
  for (const Triple &t : triple_) {
    sum += coupling(t.of12);
    if (task != Task::value)
      sum += coupling(t.of13) + coupling(t.of23);
    double components = 0.0;
    for (int r = t.component; r < t.components_end; ++r)
      components += component_[r].count;
    const double all = 2.0 * (t.l1 + t.l2 + t.l3) + 3.0;
    sum += components * (task == Task::value    ? 2.0 * t.l3 + 1.0
                         : task == Task::strain ? 6.0 * all + 2.0 * t.l3 + 1.0
                                                : all);
  }
  return {sum, 0.0};
}

std::size_t Bispectrum::memory_usage() const {
  return triple_.size() * sizeof(Triple) + bound_.size() * sizeof(int) + element_.size() * sizeof(Element) +
         run_.size() * sizeof(ChannelRun) + component_.size() * sizeof(ComponentRun);
}

} // namespace dbar::soap
