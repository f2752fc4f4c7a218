#include "files/efs_file.h"

#include "files/json_reader.h"
#include "kernels/words.h"

namespace dbar {

namespace {

double positive(JsonReader &in, const std::string &key) {
  const double x = in.number(key, "a number above 0");
  if (!(x > 0.0))
    in.reject(key, number_text(x), "a number above 0");
  return x;
}

// (r - c)^2 (c0 + ... + c4 r^4) as a polynomial of r - c, where it is small: no digits are lost at the cutoff.
std::vector<double> about_cutoff(const std::vector<double> &c, double cutoff) {
  std::vector<double> moved(c); // c_k r^k about the cutoff, by Horner's shift
  for (std::size_t k = 0; k + 1 < moved.size(); ++k)
    for (std::size_t j = moved.size() - 1; j-- > k;)
      moved[j] += cutoff * moved[j + 1];
  moved.insert(moved.begin(), 2, 0.0);
  return moved;
}

gpp::Form read(const std::string &name, const std::string &text) {
  const Json json = parse_json(name + ": not valid JSON (numbers must be finite)", text);
  JsonReader in(name + ": ", json);
  if (in.text("schema") != "dbar-efs/1")
    in.wrong("schema", json["schema"], "\"dbar-efs/1\"");
  gpp::Form form;
  form.elements = {in.text("element", "a chemical symbol")};
  form.masses = {positive(in, "mass")};
  const double A = positive(in, "A"), c = positive(in, "c"), d = positive(in, "d"), B = in.number("B");
  const std::vector<double> polynomial = in.numbers("polynomial");
  if (polynomial.size() > 6) // what the quadrature of the averages is exact for
    in.reject("polynomial", std::to_string(polynomial.size()) + " numbers", "at most 6: c0, c1, ...");
  for (const char *about : {"source", "comment"}) // for readers
    in.has(about);
  in.finish();
  form.pair_kind = gpp::Kind::plain;
  form.pair = {std::make_shared<const gpp::Polynomial>(about_cutoff(polynomial, c), c, c)};
  form.density = {std::make_shared<const gpp::Polynomial>(std::vector<double>{0.0, 0.0, 1.0, 0.0, B * B}, d, d)};
  form.embedding = {std::make_shared<const gpp::RootEmbedding>(A)};
  return form;
}

} // namespace

gpp::Form parse_efs(const std::string &name, const std::string &text) {
  try {
    return read(name, text);
  } catch (const BadSetting &) {
    throw;
  } catch (const std::runtime_error &e) { // of the reader of JSON
    throw BadSetting(e.what());
  }
}

} // namespace dbar
