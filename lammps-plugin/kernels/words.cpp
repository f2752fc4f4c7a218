#include "kernels/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace dbar {

std::string shown(const std::string &text) {
  constexpr std::size_t most = 60;
  return text.size() > most ? text.substr(0, most) + "..." : text;
}

std::string number_text(double x) {
  char text[40];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x)
      break;
  }
  return text;
}

std::string digits17(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

std::string digits17(const std::vector<double> &numbers) {
  std::string text;
  for (double x : numbers)
    text += (text.empty() ? "" : " ") + digits17(x);
  return text;
}

bool is_number(const std::string &text, double *x) {
  // from_chars does not depend on the locale, but wants no leading plus sign.
  const char *begin = text.data();
  const char *end = begin + text.size();
  if (begin != end && *begin == '+')
    ++begin;
  const auto result = std::from_chars(begin, end, *x);
  return begin != end && result.ec == std::errc() && result.ptr == end && std::isfinite(*x);
}

Words::Words(const std::string &family, const std::vector<std::string> &words) : family_(family), words_(words) {}

bool Words::next() {
  if (at_ == words_.size())
    return false;
  keyword_ = words_[at_++];
  return true;
}

const std::string &Words::value(const std::string &expected) {
  if (at_ == words_.size())
    reject("nothing after it", expected);
  return words_[at_++];
}

int Words::integer(int low, int high) {
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  const std::string &text = value(expected);
  int number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || number < low || number > high)
    reject("'" + text + "'", expected);
  return number;
}

double Words::real(const std::string &expected) {
  const std::string &text = value(expected);
  double number = 0.0;
  if (!is_number(text, &number))
    reject("'" + text + "'", expected);
  return number;
}

double Words::real(const std::string &expected, bool (*fits)(double)) {
  const double number = real(expected);
  if (!fits(number))
    reject(number_text(number), expected);
  return number;
}

bool Words::yes_no() {
  const std::string &text = value("yes or no");
  if (text == "yes" || text == "on" || text == "true")
    return true;
  if (text == "no" || text == "off" || text == "false")
    return false;
  reject("'" + text + "'", "yes or no");
}

int Words::choice(const std::vector<std::string> &among) {
  std::string expected;
  for (const auto &each : among)
    expected += (expected.empty() ? "" : " or ") + each;
  const std::string &text = value(expected);
  const auto found = std::find(among.begin(), among.end(), text);
  if (found == among.end())
    reject("'" + text + "'", expected);
  return static_cast<int>(found - among.begin());
}

std::string Words::text(const std::string &expected) {
  return value(expected);
}

std::vector<std::string> Words::names(const std::string &expected) {
  std::vector<std::string> list;
  for (double number = 0.0; at_ < words_.size() && is_number(words_[at_], &number); ++at_)
    list.push_back(words_[at_]);
  if (!list.empty())
    return list;
  std::istringstream parts(value(expected));
  for (std::string part; std::getline(parts, part, ';');)
    list.push_back(part);
  if (list.empty())
    reject("none", expected);
  return list;
}

bool Words::none() {
  if (at_ == words_.size() || words_[at_] != "none")
    return false;
  ++at_;
  return true;
}

std::vector<double> Words::numbers(const std::string &expected, bool (*fits)(double)) {
  std::vector<double> list;
  for (double number = 0.0; at_ < words_.size() && is_number(words_[at_], &number); ++at_) {
    if (!fits(number))
      reject(number_text(number), expected);
    list.push_back(number);
  }
  if (list.empty())
    reject(at_ < words_.size() ? "'" + words_[at_] + "'" : "nothing after it", expected);
  return list;
}

std::vector<double> Words::per_species(int n, const std::string &expected) {
  const std::string all = std::to_string(n) + (n == 1 ? " number" : " numbers") + ", one per species, each " + expected;
  std::vector<double> numbers;
  double number = 0.0;
  while (at_ < words_.size() && is_number(words_[at_], &number)) {
    numbers.push_back(number);
    ++at_;
  }
  if (static_cast<int>(numbers.size()) == n)
    return numbers;
  std::string found = std::to_string(numbers.size());
  if (static_cast<int>(numbers.size()) < n && at_ < words_.size())
    found += " and then '" + words_[at_] + "'";
  reject(found, all);
}

std::vector<int> Words::species(int n) {
  const std::string expected = "different species numbers from 1 to " + std::to_string(n);
  std::vector<int> list;
  for (double number = 0.0; at_ < words_.size() && is_number(words_[at_], &number); ++at_) {
    const int index = number >= 1.0 && number <= n ? static_cast<int>(number) - 1 : -1;
    if (index + 1 != number || std::find(list.begin(), list.end(), index) != list.end())
      reject("'" + words_[at_] + "'", expected);
    list.push_back(index);
  }
  if (list.empty())
    reject(at_ < words_.size() ? "'" + words_[at_] + "'" : "nothing after it", expected);
  std::sort(list.begin(), list.end());
  return list;
}

void Words::reject(const std::string &found, const std::string &expected) const {
  throw BadSetting(family_ + " " + keyword_ + ": found " + found + ", expected " + expected);
}

void Words::unknown(const std::string &known) const {
  throw BadSetting(family_ + ": found keyword '" + keyword_ + "', expected one of: " + known);
}

} // namespace dbar
