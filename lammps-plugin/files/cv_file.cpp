#include "files/cv_file.h"

#include "files/json_reader.h"
#include "kernels/words.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace dbar {

namespace {

CollectiveVariable::Form read_form(JsonReader &in) {
  const std::string form = in.text("form");
  if (form == "linear")
    return CollectiveVariable::Form::linear;
  if (form == "norm")
    return CollectiveVariable::Form::norm;
  if (form == "quadratic")
    return CollectiveVariable::Form::quadratic;
  in.wrong("form", form, "linear, norm or quadratic");
}

// Numbers are compared as numbers: 0.5 and 0.50000000000000000 are the same setting.
bool same_value(const std::string &a, const std::string &b) {
  std::istringstream as(a), bs(b);
  std::string aword, bword;
  while (as >> aword) {
    double x, y;
    if (!(bs >> bword))
      return false;
    if (aword != bword && !(is_number(aword, &x) && is_number(bword, &y) && x == y))
      return false;
  }
  return !(bs >> bword);
}

} // namespace

CvFile::CvFile(const std::string &path, const std::string &text) : path(path) {
  const std::string where = "cv " + path + ": ";
  const Json json = parse_json(where + "not valid JSON (numbers must be finite)", text);
  JsonReader in(where, json);
  if (in.text("schema") != "dbar-cv/1")
    in.wrong("schema", json["schema"], "\"dbar-cv/1\"");
  name = in.text("name");
  if (name.empty() ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != std::string::npos)
    in.wrong("name", json["name"], "letters, digits and underscores");
  descriptor = read_descriptor(in.object("descriptor"), true);
  descriptor.units = in.text("lammps_units");

  cv.per_atom = in.flag("per_atom");
  const Json &matrix = in.list("matrix", "a list of rows");
  for (std::size_t k = 0; k < matrix.size(); ++k) {
    const Json &row = matrix[k];
    const auto values = in.numbers("matrix[" + std::to_string(k) + "]", row);
    if (cv.n != 0 && cv.n != static_cast<int>(values.size()))
      in.wrong("matrix", row, "rows of equal length");
    cv.n = static_cast<int>(values.size());
    cv.matrix.insert(cv.matrix.end(), values.begin(), values.end());
  }
  cv.offset.assign(matrix.size(), 0.0);
  if (in.has("offset")) {
    cv.offset = in.numbers("offset");
    if (cv.offset.size() != matrix.size())
      in.wrong("offset", json["offset"], "one number for each of the " + std::to_string(matrix.size()) + " rows");
  }
  cv.form = read_form(in);
  if (cv.form == CollectiveVariable::Form::linear && matrix.size() != 1)
    in.wrong("matrix", matrix.size(), "one row for the form linear");
  cv.scale = in.number("scale", 1.0);
  cv.shift = in.number("shift", 0.0);
  if (in.has("tanh") && !json["tanh"].is_null()) {
    JsonReader squash = in.object("tanh");
    cv.squash = true;
    cv.centre = squash.number("centre");
    cv.width = squash.number("width");
    if (!(cv.width > 0.0))
      squash.wrong("width", json["tanh"]["width"], "a positive number");
    squash.finish();
  }
  in.has("comment");
  in.finish();
}

void CvFile::check(const DescriptorRecord &run) const {
  const auto differ = [&](const std::string &what, const std::string &found, const std::string &expected) {
    throw std::runtime_error("cv " + path + ": " + what + ": found " + found + ", expected " + expected +
                             " as the compute and this run have");
  };
  const DescriptorRecord &d = descriptor;
  if (d.units != run.units)
    differ("lammps_units", d.units, run.units);
  if (d.family != run.family)
    differ("family", d.family, run.family);
  if (d.rcut != run.rcut)
    differ("rcut", number_text(d.rcut), number_text(run.rcut));
  if (d.ntypes != run.ntypes)
    differ("ntypes", std::to_string(d.ntypes), std::to_string(run.ntypes));
  if (d.perspecies != run.perspecies)
    differ("perspecies", d.perspecies ? "true" : "false", run.perspecies ? "true" : "false");
  for (const auto &[word, value] : run.words) {
    const auto found =
        std::find_if(d.words.begin(), d.words.end(), [&w = word](const auto &p) { return p.first == w; });
    if (found == d.words.end()) {
      if (word != "family" && word != "rcut") // these have keys of their own
        differ(word, "nothing", shown(value));
    } else if (!same_value(found->second, value)) {
      differ(word, shown(found->second), shown(value));
    }
  }
  for (const auto &item : d.words)
    if (std::none_of(run.words.begin(), run.words.end(), [&](const auto &p) { return p.first == item.first; }))
      differ(item.first, shown(item.second), "no such word");
  if (cv.n != run.size)
    differ("matrix", "rows of " + std::to_string(cv.n) + " numbers",
           std::to_string(run.size) + " (the number of atoms, then the components)");
}

} // namespace dbar
