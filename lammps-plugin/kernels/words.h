// Reads "keyword value ..." words, the same for LAMMPS and Python; every error is a BadSetting.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace dbar {

// A word that is unknown, misplaced or out of range. The message names the word, what was found
// and what was expected.
class BadSetting : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class Words {
public:
  Words(const std::string &family, const std::vector<std::string> &words);

  // Moves to the next keyword; false at the end of the words.
  bool next();
  const std::string &keyword() const { return keyword_; }

  // Values of the current keyword. The range is closed and part of the error message.
  int integer(int low, int high);
  double real(const std::string &expected);
  double real(const std::string &expected, bool (*fits)(double));
  bool yes_no();
  int choice(const std::vector<std::string> &among);           // the number of the word
  std::string text(const std::string &expected);               // any word
  std::vector<std::string> names(const std::string &expected); // numbers, or one word with ; between its parts
  bool none();                                                 // whether the next word says so; it is read then
  std::vector<double> numbers(const std::string &expected, bool (*fits)(double)); // one or more
  std::vector<double> per_species(int n, const std::string &expected);
  std::vector<int> species(int n); // numbers from 1 to n, each once; returned from 0, ascending

  // Errors about the current keyword.
  [[noreturn]] void reject(const std::string &found, const std::string &expected) const;
  [[noreturn]] void unknown(const std::string &known) const;

private:
  const std::string &value(const std::string &expected);

  std::string family_;
  const std::vector<std::string> &words_;
  std::size_t at_ = 0;
  std::string keyword_;
};

std::string shown(const std::string &text); // the beginning of a long one, for messages
std::string number_text(double x);          // shortest text that reads back as x
std::string digits17(double x);             // in the canonical settings
std::string digits17(const std::vector<double> &numbers);
bool is_number(const std::string &text, double *x);

} // namespace dbar
