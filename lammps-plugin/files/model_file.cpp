#include "files/model_file.h"

#include "files/json_reader.h"
#include "kernels/words.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <iterator>
#include <sstream>

using LAMMPS_NS::json;

namespace dbar {

namespace {

constexpr const char *schema = "dbar-potential/1";

[[noreturn]] void reject(const std::string &key, const std::string &found, const std::string &expected) {
  throw BadSetting("key " + key + ": found " + found + ", expected " + expected);
}

// A value for a message: as it stands in the file, unless it is long.
std::string shown(const json &value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 40 ? text : "a long " + std::string(value.type_name());
}

void check_keys(const json &object, const std::string &where, std::initializer_list<const char *> known) {
  for (const auto &item : object.items())
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      std::string all;
      for (const char *name : known)
        all += (all.empty() ? "" : ", ") + std::string(name);
      reject(where + item.key(), "it", "one of: " + all);
    }
}

const json &member(const json &object, const std::string &where, const char *key, const std::string &expected) {
  const auto at = object.find(key);
  if (at == object.end())
    reject(where + key, "nothing", expected);
  return *at;
}

std::string text_of(const json &value, const std::string &key, const std::string &expected) {
  if (!value.is_string() || value.get_ref<const std::string &>().empty())
    reject(key, shown(value), expected);
  return value.get<std::string>();
}

double number_of(const json &value, const std::string &key) {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    reject(key, shown(value), "a finite number");
  return value.get<double>();
}

const json &object_of(const json &parent, const std::string &where, const char *key, const std::string &expected) {
  const json &value = member(parent, where, key, expected);
  if (!value.is_object())
    reject(where + key, shown(value), expected);
  return value;
}

void read_descriptor(const json &root, PotentialModel &model) {
  const std::string key = "descriptor.";
  const json &descriptor = object_of(root, "", "descriptor", "an object with family, rcut and words");
  check_keys(descriptor, key, {"family", "rcut", "words"});
  model.family = text_of(member(descriptor, key, "family", "a name"), key + "family", "a name");
  model.rcut = number_of(member(descriptor, key, "rcut", "a length"), key + "rcut");
  for (const auto &item : object_of(descriptor, key, "words", "an object of texts").items()) {
    model.words.push_back(item.key());
    std::istringstream values(text_of(item.value(), key + "words." + item.key(), "a text"));
    std::copy(std::istream_iterator<std::string>(values), {}, std::back_inserter(model.words));
  }
}

void read_coefficients(const json &root, PotentialModel &model) {
  const std::string names = "a list of different chemical symbols";
  const json &elements = member(root, "", "elements", names);
  if (!elements.is_array() || elements.empty())
    reject("elements", shown(elements), names);
  for (const json &each : elements) {
    const std::string name = text_of(each, "elements", names);
    if (std::find(model.elements.begin(), model.elements.end(), name) != model.elements.end())
      reject("elements", "'" + name + "' twice", names);
    model.elements.push_back(name);
  }
  const json &coefficients = object_of(root, "", "coefficients", "an object with a list for each of the elements");
  for (const auto &item : coefficients.items())
    if (std::find(model.elements.begin(), model.elements.end(), item.key()) == model.elements.end())
      reject("coefficients." + item.key(), "it", "only keys that elements lists");
  for (const std::string &name : model.elements) {
    const std::string key = "coefficients." + name;
    const json &list = member(coefficients, "coefficients.", name.c_str(), "a list of numbers");
    if (!list.is_array())
      reject(key, shown(list), "a list of numbers");
    std::vector<double> numbers;
    for (const json &each : list)
      numbers.push_back(number_of(each, key + "[" + std::to_string(numbers.size()) + "]"));
    model.coefficients.push_back(std::move(numbers));
  }
}

} // namespace

PotentialModel parse_model(const std::string &text) {
  json root;
  try {
    root = parse_shallow(text);
  } catch (const std::exception &e) {
    throw BadSetting(std::string("found no JSON, expected a model of schema ") + schema + ": " + e.what());
  }
  if (!root.is_object())
    reject("schema", "nothing", schema);
  const std::string found = text_of(member(root, "", "schema", schema), "schema", schema);
  if (found != schema)
    reject("schema", "'" + found + "'", schema);
  check_keys(root, "", {"schema", "lammps_units", "descriptor", "elements", "coefficients", "comment"});
  PotentialModel model;
  const std::string style = "the name of a LAMMPS unit style";
  model.units = text_of(member(root, "", "lammps_units", style), "lammps_units", style);
  read_descriptor(root, model);
  read_coefficients(root, model);
  return model;
}

} // namespace dbar
