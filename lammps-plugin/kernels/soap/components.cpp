#include "kernels/soap/components.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <unordered_map>

namespace dbar::soap {

namespace {

std::string label_of(const Settings &s, const Three &three) {
  std::string text;
  for (const auto &[l, q] : three)
    text += (text.empty() ? "" : ",") + channel_label(s, q) + ",l" + std::to_string(l);
  return text;
}

std::string label_of(const Settings &s, const Two &two) {
  return channel_label(s, two[0]) + "," + channel_label(s, two[1]) + ",l" + std::to_string(two[2]);
}

std::string label_of(const Settings &s, int channel) {
  return channel_label(s, channel);
}

std::vector<int> all_singles(const Settings &s) {
  std::vector<int> all(s.channels());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<Two> all_pairs(const Settings &s) {
  std::vector<Two> all;
  for (int q = 0; q < s.channels(); ++q)
    for (int p = q; p < s.channels(); ++p)
      for (int l = 0; l <= s.lmax; ++l)
        all.push_back({q, p, l});
  return all;
}

double number_of_all(const Settings &s) {
  const double n = s.channels();
  return s.order == 3 ? count(s.channels(), s.lmax, s.odd) : s.order == 2 ? n * (n + 1.0) / 2.0 * (s.lmax + 1) : n;
}

template <class Component> std::vector<Component> those_chosen(const Settings &s, const std::vector<Component> &all) {
  if (s.chosen.empty())
    return all;
  std::vector<Component> list;
  for (const int k : s.chosen)
    list.push_back(all[k]);
  return list;
}

template <class Component> std::vector<std::string> labels_of(const Settings &s, const std::vector<Component> &all) {
  std::vector<std::string> labels;
  for (const Component &each : all)
    labels.push_back(label_of(s, each));
  return labels;
}

[[noreturn]] void reject(const std::string &found, const std::string &expected) {
  throw BadSetting("soap select: found '" + shown(found) + "', expected " + expected);
}

} // namespace

std::vector<int> singles(const Settings &s) {
  return those_chosen(s, all_singles(s));
}

std::vector<Two> pairs(const Settings &s) {
  return those_chosen(s, all_pairs(s));
}

std::vector<Three> triples(const Settings &s) {
  return those_chosen(s, components(s.channels(), s.lmax, s.odd));
}

std::vector<std::string> labels(const Settings &s) {
  return s.order == 3 ? labels_of(s, triples(s)) : s.order == 2 ? labels_of(s, pairs(s)) : labels_of(s, singles(s));
}

int largest_degree(const Settings &s) {
  int most = 0;
  if (s.order == 3)
    for (const Three &three : triples(s))
      most = std::max(most, three[2][0]);
  if (s.order == 2)
    for (const Two &two : pairs(s))
      most = std::max(most, two[2]);
  return most;
}

void choose(Settings &s) {
  density::check_size(number_of_all(s), name, "use smaller nmax, lmax or fewer neighbors");
  if (s.wanted.empty())
    return;
  const std::vector<std::string> all = labels(s);
  std::unordered_map<std::string, int> number;
  for (std::size_t k = 0; k < all.size(); ++k)
    number[all[k]] = static_cast<int>(k);
  std::set<int> chosen;
  for (const std::string &wanted : s.wanted) {
    int k = -1;
    double x = 0.0;
    if (is_number(wanted, &x))
      k = x == std::floor(x) && x >= 1.0 && x <= all.size() ? static_cast<int>(x) - 1 : -1;
    else if (const auto found = number.find(wanted); found != number.end())
      k = found->second;
    if (k < 0)
      reject(wanted,
             "numbers from 1 to " + std::to_string(all.size()) + " or labels, " + all.front() + " to " + all.back());
    if (!chosen.insert(k).second)
      reject(wanted, "each component once");
  }
  s.chosen.assign(chosen.begin(), chosen.end());
}

} // namespace dbar::soap
