#include "files/model_file.h"

#include <algorithm>

namespace dbar {

namespace {

const std::string schema = "dbar-potential/1";

std::vector<std::string> read_elements(JsonReader &in) {
  const std::string expected = "a list of different chemical symbols";
  std::vector<std::string> elements;
  for (const Json &each : in.list("elements", expected)) {
    if (!each.is_string() || each.get_ref<const std::string &>().empty())
      in.wrong("elements", each, expected);
    elements.push_back(each.get<std::string>());
    if (std::count(elements.begin(), elements.end(), elements.back()) > 1)
      in.reject("elements", "'" + elements.back() + "' twice", expected);
  }
  return elements;
}

} // namespace

PotentialModel parse_model(const std::string &text) {
  Json root = parse_json("found no JSON, expected a model of schema " + schema, text);
  if (!root.is_object())
    root = Json::object(); // it lacks the schema, as whatever else stands there does
  JsonReader in("key ", root, ".");
  const std::string found = in.text("schema", schema);
  if (found != schema)
    in.reject("schema", "'" + found + "'", schema);
  PotentialModel model;
  const std::string units = in.text("lammps_units", "the name of a LAMMPS unit style");
  model.descriptor = read_descriptor(in.object("descriptor", "an object with family, rcut and words"), false);
  model.descriptor.units = units;
  model.elements = read_elements(in);
  JsonReader coefficients = in.object("coefficients", "an object with a list for each of the elements");
  for (const std::string &element : model.elements)
    model.coefficients.push_back(coefficients.numbers(element));
  coefficients.finish();
  in.has("comment"); // for readers
  in.finish();
  return model;
}

} // namespace dbar
