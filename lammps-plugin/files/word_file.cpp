#include "files/word_file.h"

#include "files/json_reader.h"
#include "kernels/density/limits.h"
#include "kernels/density/optimal.h"
#include "kernels/settings.h"

#include <sstream>

namespace dbar {

namespace {

using density::OptimalBasis;

// A list of `count` others at each level of brackets, and numbers in the innermost.
void take_numbers(JsonReader &in, const std::string &key, const Json &list, const std::vector<int> &counts,
                  std::size_t level, std::vector<double> &to) {
  const std::size_t count = counts[level];
  if (!list.is_array() || list.size() != count)
    in.wrong(key, list, "a list of " + std::to_string(count));
  if (level + 1 == counts.size()) {
    for (const double x : in.numbers(key, list))
      to.push_back(x);
    return;
  }
  for (std::size_t k = 0; k < count; ++k)
    take_numbers(in, key + "[" + std::to_string(k) + "]", list[k], counts, level + 1, to);
}

std::string basis_word(const std::string &name, const std::string &text) {
  const Json json = parse_json(name, text);
  JsonReader in(name + ": ", json);
  if (const std::string schema = in.text("schema"); schema != OptimalBasis::schema)
    in.reject("schema", "\"" + shown(schema) + "\"", std::string("\"") + OptimalBasis::schema + "\"");
  OptimalBasis::Content c;
  c.rcut = in.number("rcut", "a length above 0");
  c.sigma = in.number("sigma", "a length above 0");
  JsonReader primitive = in.object("primitive");
  const std::string basis = primitive.text("basis", "gto or dvr");
  if (basis != "gto" && basis != "dvr")
    primitive.reject("basis", "\"" + shown(basis) + "\"", "gto or dvr");
  c.dvr = basis == "dvr";
  c.nmax = primitive.integer("nmax", 1, density::largest_nmax);
  primitive.finish();
  c.lmax = in.integer("lmax", 0, density::most_lmax);
  c.qmax = in.integer("qmax", 1, density::largest_nmax * density::most_species_of_a_basis);
  c.species = static_cast<int>(in.list("species", "a list of chemical symbols").size());
  c.mixed = in.flag("mixed");
  c.each = in.flag("per_centre");
  for (const char *about : {"created_by", "width", "eigenvalues", "environments", "residual_variance"})
    in.has(about); // of the fit: nothing that the functions need
  const Json &matrices = in.get("matrices", "a list");
  in.finish();
  take_numbers(in, "matrices", matrices, {c.blocks(), c.species, c.lmax + 1, c.qmax, c.nmax}, 0, c.matrices);
  try {
    return OptimalBasis(std::move(c)).word();
  } catch (const BadSetting &e) {
    throw std::runtime_error(name + ": " + e.what());
  }
}

// One component a line, or several; # begins a comment.
std::string components_word(const std::string &name, const std::string &text) {
  std::istringstream lines(text);
  std::string word;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line.substr(0, line.find('#')));
    for (std::string part; parts >> part;)
      word += (word.empty() ? "" : ";") + part;
  }
  if (word.empty())
    throw std::runtime_error(name + ": found no component, expected a number or a label in each line");
  return word;
}

} // namespace

std::string word_of_file(const std::string &kind, const std::string &name, const std::string &text) {
  return kind == dbar::kind::basis ? basis_word(name, text) : components_word(name, text);
}

bool names_file(const std::string &kind, const std::string &value) {
  double number = 0.0;
  if (kind == dbar::kind::basis)
    return value != "gto" && value != "dvr" && !OptimalBasis::is_word(value);
  return kind == dbar::kind::components && value != "none" && !is_number(value, &number) &&
         value.find(';') == std::string::npos;
}

} // namespace dbar
