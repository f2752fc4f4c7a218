#include "kernels/density/optimal.h"

#include "kernels/density/basis.h"
#include "kernels/density/dvr.h"
#include "kernels/density/limits.h"
#include "kernels/fnv.h"
#include "kernels/words.h"

#include <cmath>
#include <cstdio>
#include <sstream>

namespace dbar::density {

namespace {

[[noreturn]] void reject(const std::string &key, const std::string &found, const std::string &expected) {
  throw BadSetting(key + ": found " + found + ", expected " + expected);
}

int whole(const std::string &key, const std::string &text, int low, int high) {
  double x = 0.0;
  if (!is_number(text, &x) || x != std::floor(x) || x < low || x > high)
    reject(key, "'" + text.substr(0, 40) + "'",
           "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  return static_cast<int>(x);
}

double finite(const std::string &key, const std::string &text) {
  double x = 0.0;
  if (!is_number(text, &x))
    reject(key, "'" + text.substr(0, 40) + "'", "a finite number");
  return x;
}

bool one_of(const std::string &key, const std::string &text, const char *first, const char *second) {
  if (text != first && text != second)
    reject(key, "'" + text.substr(0, 40) + "'", std::string(first) + " or " + second);
  return text == first;
}

std::string check_digits(const std::string &text) {
  const std::uint64_t hash = fnv1a(text.data(), text.size());
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

std::string text_of(const OptimalBasis::Content &c) {
  std::string text = number_text(c.rcut) + "," + number_text(c.sigma) + (c.dvr ? ",dvr," : ",gto,");
  for (const int n : {c.nmax, c.lmax, c.qmax, c.species})
    text += std::to_string(n) + ",";
  text += c.mixed ? "mixed" : "separate";
  text += c.each ? ",each" : ",one";
  for (const double x : c.matrices)
    text += "," + number_text(x);
  return text;
}

void check(const OptimalBasis::Content &c) {
  if (!(c.rcut > 0.0) || !std::isfinite(c.rcut))
    reject("rcut", number_text(c.rcut), "a length above 0");
  if (!(c.sigma >= 0.01 * c.rcut && c.sigma <= c.rcut))
    reject("sigma", number_text(c.sigma), "a length from rcut / 100 to rcut " + number_text(c.rcut));
  const auto range = [](const char *key, int found, int low, int high) {
    whole(key, std::to_string(found), low, high);
  };
  range("nmax", c.nmax, 1, c.dvr ? largest_nmax : largest_nmax_gto);
  range("lmax", c.lmax, 0, most_lmax);
  range("species", c.species, 1, most_species_of_a_basis);
  range("qmax", c.qmax, 1, c.mixed ? c.nmax * c.species : c.nmax);
  if (c.matrices.size() != c.numbers())
    reject("matrices", std::to_string(c.matrices.size()) + " numbers", std::to_string(c.numbers()));
  for (const double x : c.matrices)
    if (!std::isfinite(x))
      reject("matrices", number_text(x), "finite numbers");
}

} // namespace

OptimalBasis::OptimalBasis(Content content) : content_(std::move(content)) {
  check(content_);
  const std::string text = text_of(content_);
  word_ = std::string(schema) + "," + check_digits(text) + "," + text;
}

bool OptimalBasis::is_word(const std::string &word) {
  const std::string begin = std::string(schema) + ",";
  return word.compare(0, begin.size(), begin) == 0;
}

OptimalBasis OptimalBasis::of_word(const std::string &word) {
  const std::size_t begin = std::string(schema).size() + 1, end = word.find(',', begin);
  const std::string text = end == std::string::npos ? "" : word.substr(end + 1);
  if (text.empty() || check_digits(text) != word.substr(begin, end - begin))
    reject("content", "check number " + word.substr(begin, std::min<std::size_t>(16, end - begin)),
           (text.empty() ? "the numbers of a basis" : check_digits(text)) + ": it is damaged");
  std::istringstream in(text);
  const auto next = [&in] {
    std::string part;
    std::getline(in, part, ',');
    return part;
  };
  Content c;
  c.rcut = finite("rcut", next());
  c.sigma = finite("sigma", next());
  c.dvr = one_of("primitive", next(), "dvr", "gto");
  c.nmax = whole("nmax", next(), 1, largest_nmax);
  c.lmax = whole("lmax", next(), 0, most_lmax);
  c.qmax = whole("qmax", next(), 1, largest_nmax * most_species_of_a_basis);
  c.species = whole("species", next(), 1, most_species_of_a_basis);
  c.mixed = one_of("channels", next(), "mixed", "separate");
  c.each = one_of("centres", next(), "each", "one");
  for (std::string part; std::getline(in, part, ',');)
    c.matrices.push_back(finite("matrices", part));
  return OptimalBasis(std::move(c));
}

std::unique_ptr<RadialFunctions> primitive_functions(bool dvr, int nmax, int lmax, double rcut, double sigma) {
  if (dvr)
    return std::make_unique<Dvr>(nmax, lmax, rcut, sigma);
  return std::make_unique<Basis>(nmax, lmax, rcut, sigma);
}

Contracted::Contracted(std::shared_ptr<const OptimalBasis> basis, int count, int lmax)
    : basis_(std::move(basis)), count_(count) {
  const OptimalBasis::Content &c = basis_->content();
  primitive_ = primitive_functions(c.dvr, c.nmax, lmax, c.rcut, c.sigma);
}

void Contracted::evaluate(int l, double u, double *out) const {
  const OptimalBasis::Content &c = basis_->content();
  std::vector<double> exact(3 * c.nmax);
  primitive_->evaluate(l, u, exact.data());
  const int all = sets();
  for (int set = 0; set < all; ++set)
    for (int q = 0; q < count_; ++q) {
      const double *U = &c.matrices[((static_cast<std::size_t>(set) * (c.lmax + 1) + l) * c.qmax + q) * c.nmax];
      for (int order = 0; order < 3; ++order) {
        double sum = 0.0;
        for (int n = 0; n < c.nmax; ++n)
          sum += U[n] * exact[order * c.nmax + n];
        out[(order * all + set) * count_ + q] = sum;
      }
    }
}

} // namespace dbar::density
