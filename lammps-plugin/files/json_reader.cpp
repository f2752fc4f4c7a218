#include "files/json_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dbar {

namespace {

// A value for a message: as it stands in the file, the beginning of it if it is long.
std::string short_text(const Json &json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > 40 ? text.substr(0, 40) + "..." : text;
}

} // namespace

Json parse_json(const std::string &before, const std::string &text) {
  try {
    // Values are written into messages by a call for each bracket: of too many the stack would end.
    return Json::parse(text, [](int depth, Json::parse_event_t, const Json &) {
      if (depth > 100)
        throw std::runtime_error("brackets within brackets, more than 100 deep");
      return true;
    });
  } catch (const std::exception &e) {
    throw std::runtime_error(before + ": " + e.what());
  }
}

JsonReader::JsonReader(std::string before, const Json &json, std::string separator)
    : before_(std::move(before)), separator_(std::move(separator)), json_(json) {
  if (!json.is_object())
    throw std::runtime_error(before_ + "found " + short_text(json) + ", expected an object { }");
}

bool JsonReader::has(const std::string &key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end())
    known_.push_back(key);
  return json_.contains(key);
}

const Json &JsonReader::get(const std::string &key, const std::string &expected) {
  if (!has(key))
    reject(key, "nothing", expected + " (the key is missing)");
  return json_.at(key);
}

void JsonReader::wrong(const std::string &key, const Json &found, const std::string &expected) const {
  reject(key, short_text(found), expected);
}

void JsonReader::reject(const std::string &key, const std::string &found, const std::string &expected) const {
  throw std::runtime_error(before_ + key + ": found " + found + ", expected " + expected);
}

std::string JsonReader::text(const std::string &key, const std::string &expected) {
  const Json &value = get(key, expected);
  if (!value.is_string())
    wrong(key, value, expected);
  return value.get<std::string>();
}

bool JsonReader::flag(const std::string &key) {
  const Json &value = get(key, "true or false");
  if (!value.is_boolean())
    wrong(key, value, "true or false");
  return value.get<bool>();
}

double JsonReader::finite(const std::string &key, const Json &value) const {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    wrong(key, value, "a finite number");
  return value.get<double>();
}

double JsonReader::number(const std::string &key, const std::string &expected) {
  return finite(key, get(key, expected));
}

double JsonReader::number(const std::string &key, double otherwise) {
  return has(key) ? finite(key, json_.at(key)) : otherwise;
}

int JsonReader::integer(const std::string &key, int low, int high) {
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  const double value = number(key, expected);
  if (!(value >= low && value <= high) || value != std::floor(value))
    wrong(key, json_.at(key), expected);
  return static_cast<int>(value);
}

std::vector<double> JsonReader::numbers(const std::string &key) {
  return numbers(key, get(key, "a list of numbers"));
}

std::vector<double> JsonReader::numbers(const std::string &key, const Json &list) const {
  if (!list.is_array() || list.empty())
    wrong(key, list, "a list of numbers");
  std::vector<double> values;
  for (const auto &value : list)
    values.push_back(finite(key + "[" + std::to_string(values.size()) + "]", value));
  return values;
}

JsonReader JsonReader::object(const std::string &key, const std::string &expected) {
  const Json &value = get(key, expected);
  if (!value.is_object())
    wrong(key, value, expected);
  return JsonReader(before_ + key + separator_, value, separator_);
}

const Json &JsonReader::list(const std::string &key, const std::string &expected) {
  const Json &value = get(key, expected);
  if (!value.is_array() || value.empty())
    wrong(key, value, expected);
  return value;
}

std::vector<std::string> JsonReader::keys() const {
  std::vector<std::string> all;
  for (const auto &item : json_.items())
    all.push_back(item.key());
  return all;
}

void JsonReader::finish() const {
  std::string known;
  for (const auto &key : known_)
    known += (known.empty() ? "" : ", ") + key;
  for (const auto &key : keys())
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      reject(key, "an unknown key", "one of: " + known);
}

} // namespace dbar
