#include "files/eam_table.h"

#include "kernels/words.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

namespace dbar {

namespace {

using Values = std::vector<double>;

class Reader {
public:
  Reader(const std::string &name, const std::string &text) : name_(name), lines_(text) {}

  [[noreturn]] void wrong(const std::string &word, const std::string &found, const std::string &expected) const {
    throw BadSetting(name_ + ": line " + std::to_string(number_) + ": " + word + ": found " + found + ", expected " +
                     expected);
  }
  void skip(int lines, const std::string &what) {
    for (; lines > 0; --lines)
      line(what);
  }
  // The words of the next line.
  std::vector<std::string> words(const std::string &what) {
    std::istringstream in(line(what));
    std::vector<std::string> all;
    for (std::string word; in >> word;)
      all.push_back(word);
    return all;
  }
  double number(const std::string &word, const std::string &text) const {
    double x = 0.0;
    if (!is_number(text, &x) || !std::isfinite(x))
      wrong(word, "'" + shown(text) + "'", "a finite number");
    return x;
  }
  double positive(const std::string &word, const std::string &text) const {
    const double x = number(word, text);
    if (!(x > 0.0))
      wrong(word, text, "a number above 0");
    return x;
  }
  int count(const std::string &word, const std::string &text, int least) const {
    double x = 0.0;
    if (!is_number(text, &x) || x != std::floor(x) || x < least || x > most_values)
      wrong(word, "'" + shown(text) + "'",
            "a whole number from " + std::to_string(least) + " to " + std::to_string(most_values));
    return static_cast<int>(x);
  }
  // As many numbers, over as many lines as it takes.
  Values values(const std::string &what, int count) {
    Values all;
    all.reserve(std::min(count, 100000)); // a damaged count shall not ask for memory
    while (static_cast<int>(all.size()) < count) {
      const std::vector<std::string> some =
          words(what + ", " + std::to_string(all.size()) + " of " + std::to_string(count) + " numbers read");
      if (all.size() + some.size() > static_cast<std::size_t>(count))
        wrong(what, "more than " + std::to_string(count) + " numbers", "as many as the fifth line says");
      for (const std::string &word : some)
        all.push_back(number(what, word));
    }
    return all;
  }
  void finish() {
    for (std::string rest; std::getline(lines_, rest);) {
      ++number_;
      if (rest.find_first_not_of(" \t\r\n\f\v\x1a") != std::string::npos)
        wrong("end", "'" + shown(rest) + "'", "nothing after the last table");
    }
  }

private:
  static constexpr int most_values = 10000000;

  std::string line(const std::string &what) {
    std::string text;
    ++number_;
    if (!std::getline(lines_, text))
      wrong(what, "the end of the file", "a whole table");
    return text;
  }

  const std::string &name_;
  std::istringstream lines_;
  int number_ = 0;
};

struct Head {
  std::vector<std::string> elements;
  int nrho, nr;
  double drho, dr, cutoff;
};

void check_units(const Reader &in, const std::string &first_line) {
  std::istringstream words(first_line);
  for (std::string word; words >> word;)
    if (word == "UNITS:" && words >> word && word != "metal")
      in.wrong("UNITS", shown(word), "metal");
}

Head read_head(Reader &in, const std::string &text) {
  Head head;
  in.skip(1, "comment");
  check_units(in, text.substr(0, text.find('\n')));
  in.skip(2, "comment");
  const auto named = in.words("elements");
  const int n = in.count("number of elements", named.empty() ? "" : named[0], 1);
  if (n > 118 || static_cast<int>(named.size()) < n + 1)
    in.wrong("elements", std::to_string(named.size() - 1) + " names", named[0] + ", as many as the line says");
  head.elements.assign(named.begin() + 1, named.begin() + 1 + n);
  for (int a = 0; a < n; ++a)
    for (int b = 0; b < a; ++b)
      if (head.elements[a] == head.elements[b])
        in.wrong("elements", head.elements[a] + " twice", "each once");
  const auto sizes = in.words("nrho drho nr dr cutoff");
  if (sizes.size() < 5)
    in.wrong("nrho drho nr dr cutoff", std::to_string(sizes.size()) + " words", "5");
  head.nrho = in.count("nrho", sizes[0], 5);
  head.drho = in.positive("drho", sizes[1]);
  head.nr = in.count("nr", sizes[2], 5);
  head.dr = in.positive("dr", sizes[3]);
  head.cutoff = in.positive("cutoff", sizes[4]);
  if (head.cutoff > (head.nr + 0.5) * head.dr)
    in.wrong("cutoff", sizes[4], "at most nr dr = " + number_text(head.nr * head.dr) + ", where the tables end");
  return head;
}

} // namespace

gpp::Form parse_eam_table(const std::string &name, const std::string &text, bool finnis_sinclair) {
  Reader in(name, text);
  const Head head = read_head(in, text);
  const int n = static_cast<int>(head.elements.size());
  gpp::Form form;
  form.elements = head.elements;
  form.pair_kind = gpp::Kind::radial;
  form.pair.resize(n * n);
  form.density.resize(n * n);
  const auto curve = [&](const std::string &what) {
    return std::make_shared<const gpp::TableCurve>(in.values(what, head.nr), head.dr, head.cutoff);
  };
  for (int b = 0; b < n; ++b) {
    const std::string &element = head.elements[b];
    const auto about = in.words("line of element " + element);
    if (about.size() < 2)
      in.wrong("line of element " + element, std::to_string(about.size()) + " words", "atomic number and mass");
    in.count("atomic number of " + element, about[0], 0);
    form.masses.push_back(in.positive("mass of " + element, about[1]));
    form.embedding.push_back(
        std::make_shared<const gpp::TableEmbedding>(in.values("F(rho) of " + element, head.nrho), head.drho));
    std::shared_ptr<const gpp::Curve> density; // that b makes
    for (int a = 0; a < n; ++a) {
      if (finnis_sinclair || a == 0)
        density = curve("density of " + element + (finnis_sinclair ? " at " + head.elements[a] : ""));
      form.density[a * n + b] = density;
    }
  }
  for (int a = 0; a < n; ++a)
    for (int b = 0; b <= a; ++b)
      form.pair[a * n + b] = form.pair[b * n + a] = curve("r V(r) of " + head.elements[a] + " and " + head.elements[b]);
  in.finish();
  return form;
}

} // namespace dbar
