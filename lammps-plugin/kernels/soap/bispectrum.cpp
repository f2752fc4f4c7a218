#include "kernels/soap/bispectrum.h"

#include "kernels/density/coupling.h"

#include <algorithm>
#include <map>

namespace dbar::soap {

namespace {

// Pairs of channels in the order in which they are first asked for, and where the coupling of each is.
class Pairs {
public:
  Pairs(std::vector<ChannelPair> &list, int width, int &scratch) : list_(list), width_(width), scratch_(scratch) {}

  int place(int q, int p) {
    const auto [found, made] = at_.try_emplace({q, p}, scratch_);
    if (made) {
      list_.push_back({q, p});
      scratch_ += width_;
    }
    return found->second;
  }

private:
  std::vector<ChannelPair> &list_;
  int width_;
  int &scratch_;
  std::map<std::pair<int, int>, int> at_;
};

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
    : entry_(in_use_or_portable([](auto isa) { return triple_entry(isa); })) {
  std::map<std::array<int, 3>, std::vector<int>> by_degrees;
  for (std::size_t k = 0; k < components.size(); ++k)
    by_degrees[{components[k][0][0], components[k][1][0], components[k][2][0]}].push_back(static_cast<int>(k));
  for (const auto &[l, list] : by_degrees) {
    Triple t{};
    t.l1 = l[0];
    t.l2 = l[1];
    t.l3 = l[2];
    t.element = static_cast<int>(element_.size());
    for (const density::Coupling &c : density::couplings(l[0], l[1], l[2]))
      element_.push_back({c.m1, c.m2, c.m3, c.value});
    t.elements_end = static_cast<int>(element_.size());
    t.component = static_cast<int>(component_.size());
    int used = 0;
    std::vector<ChannelPair> of12, of13, of23;
    std::vector<Component> mine;
    {
      Pairs pairs(of12, 2 * l[2] + 1, used);
      for (int k : list) {
        const Three &q = components[k];
        mine.push_back({q[0][1], q[1][1], q[2][1], pairs.place(q[0][1], q[1][1]), 0, 0, k});
      }
    }
    {
      Pairs pairs(of13, 2 * l[1] + 1, used);
      for (Component &c : mine)
        c.z13 = pairs.place(c.q1, c.q3);
    }
    {
      Pairs pairs(of23, 2 * l[0] + 1, used);
      for (Component &c : mine)
        c.z23 = pairs.place(c.q2, c.q3);
    }
    component_.insert(component_.end(), mine.begin(), mine.end());
    t.components_end = static_cast<int>(component_.size());
    int *const begins[3] = {&t.pair12, &t.pair13, &t.pair23};
    const std::vector<ChannelPair> *const lists[3] = {&of12, &of13, &of23};
    for (int i = 0; i < 3; ++i) {
      *begins[i] = static_cast<int>(pair_.size());
      pair_.insert(pair_.end(), lists[i]->begin(), lists[i]->end());
    }
    t.pairs_end = static_cast<int>(pair_.size());
    scratch_ = std::max(scratch_, static_cast<std::size_t>(used));
    triple_.push_back(t);
  }
  triples_ = {channels,         lmax, static_cast<int>(triple_.size()), triple_.data(), element_.data(), pair_.data(),
              component_.data()};
}

Operations Bispectrum::operations(Task task) const {
  double sum = 0.0;
  for (const Triple &t : triple_) {
    const double elements = t.elements_end - t.element, components = t.components_end - t.component;
    const double pairs = task == Task::value ? t.pair13 - t.pair12 : t.pairs_end - t.pair12;
    const double all = 2.0 * (t.l1 + t.l2 + t.l3) + 3.0;
    sum += 2.0 * elements * pairs;
    sum += components * (task == Task::value    ? 2.0 * t.l3 + 1.0
                         : task == Task::strain ? 6.0 * all + 2.0 * t.l3 + 1.0
                                                : all);
  }
  return {sum, 0.0};
}

std::size_t Bispectrum::memory_usage() const {
  return triple_.size() * sizeof(Triple) + element_.size() * sizeof(Element) + pair_.size() * sizeof(ChannelPair) +
         component_.size() * sizeof(Component);
}

} // namespace dbar::soap
