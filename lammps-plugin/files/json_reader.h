// Reads an object of a JSON file key by key: errors name the file, the key, the value and what was expected.
#pragma once

#include <json.h> // nlohmann, as LAMMPS brings it

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dbar {

using Json = nlohmann_lmp::json;

// Throws std::exception. Values are written into messages by a call for each bracket: of too many the stack would end.
inline Json parse_shallow(const std::string &text) {
  return Json::parse(text, [](int depth, Json::parse_event_t, const Json &) {
    if (depth > 100)
      throw std::runtime_error("brackets within brackets, more than 100 deep");
    return true;
  });
}

// Throws std::runtime_error that begins with `where`.
inline Json parse_json(const std::string &where, const std::string &text) {
  try {
    return parse_shallow(text);
  } catch (const std::exception &e) {
    throw std::runtime_error(where + ": not valid JSON (numbers must be finite): " + e.what());
  }
}

// Keys that nobody asked for are an error at the end.
class JsonReader {
public:
  JsonReader(std::string where, const Json &json) : where_(std::move(where)), json_(json) {
    if (!json.is_object())
      throw std::runtime_error(where_ + ": found " + short_text(json) + ", expected an object { }");
  }

  bool has(const std::string &key) {
    known_.push_back(key);
    return json_.contains(key);
  }
  const Json &get(const std::string &key) {
    if (!has(key))
      throw std::runtime_error(where_ + ": the key \"" + key + "\" is missing");
    return json_.at(key);
  }
  [[noreturn]] void wrong(const std::string &key, const Json &found, const std::string &expected) const {
    throw std::runtime_error(where_ + ": " + key + ": found " + short_text(found) + ", expected " + expected);
  }
  std::string text(const std::string &key) {
    const Json &value = get(key);
    if (!value.is_string())
      wrong(key, value, "a text");
    return value.get<std::string>();
  }
  bool flag(const std::string &key) {
    const Json &value = get(key);
    if (!value.is_boolean())
      wrong(key, value, "true or false");
    return value.get<bool>();
  }
  double number(const std::string &key) { return finite(key, get(key)); }
  double number(const std::string &key, double otherwise) { return has(key) ? finite(key, json_.at(key)) : otherwise; }
  // A whole number from low to high.
  int integer(const std::string &key, int low, int high) {
    const double value = number(key);
    if (!(value >= low && value <= high) || value != std::floor(value))
      wrong(key, json_.at(key), "an integer from " + std::to_string(low) + " to " + std::to_string(high));
    return static_cast<int>(value);
  }
  std::vector<double> numbers(const std::string &key, const Json &list) const {
    if (!list.is_array() || list.empty())
      wrong(key, list, "a list of numbers");
    std::vector<double> values;
    for (const auto &value : list)
      values.push_back(finite(key, value));
    return values;
  }
  void finish() const {
    for (const auto &item : json_.items())
      if (std::find(known_.begin(), known_.end(), item.key()) == known_.end())
        throw std::runtime_error(where_ + ": unknown key \"" + item.key() + "\", expected " + known());
  }

private:
  double finite(const std::string &key, const Json &value) const {
    if (!value.is_number() || !std::isfinite(value.get<double>()))
      wrong(key, value, "a finite number");
    return value.get<double>();
  }
  std::string known() const {
    std::string all;
    for (const auto &key : known_)
      all += (all.empty() ? "" : ", ") + key;
    return all;
  }
  static std::string short_text(const Json &json) {
    const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() > 40 ? text.substr(0, 40) + "..." : text;
  }

  std::string where_;
  const Json &json_;
  std::vector<std::string> known_;
};

} // namespace dbar
