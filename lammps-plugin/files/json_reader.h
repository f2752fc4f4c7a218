// Reads an object of a JSON file key by key: errors name the file, the key, the value and what was expected.
#pragma once

#if __has_include(<json.h>) // nlohmann's, as LAMMPS brings it since 2025
#include <json.h>
#else
#include <nlohmann/json.hpp>
namespace nlohmann_lmp = nlohmann;
#endif

#include <stdexcept>
#include <string>
#include <vector>

namespace dbar {

using Json = nlohmann_lmp::json;

// Throws std::runtime_error. `before` begins the message.
Json parse_json(const std::string &before, const std::string &text);

// Every error is a std::runtime_error. Keys that nobody asked for are one at the end.
class JsonReader {
public:
  // `before` stands before each key in a message, `separator` between a key and one within its object, as in
  // "cv FILE: descriptor: rcut" or "key descriptor.rcut". The object must outlive this.
  JsonReader(std::string before, const Json &json, std::string separator = ": ");

  bool has(const std::string &key);
  const Json &get(const std::string &key, const std::string &expected);
  std::string text(const std::string &key, const std::string &expected = "a text");
  bool flag(const std::string &key);
  double number(const std::string &key, const std::string &expected = "a finite number");
  double number(const std::string &key, double otherwise);
  int integer(const std::string &key, int low, int high); // a whole number from low to high
  std::vector<double> numbers(const std::string &key);    // a list of finite ones, at least one
  std::vector<double> numbers(const std::string &key, const Json &list) const;
  JsonReader object(const std::string &key, const std::string &expected = "an object { }");
  const Json &list(const std::string &key, const std::string &expected); // not empty
  std::vector<std::string> keys() const;

  [[noreturn]] void wrong(const std::string &key, const Json &found, const std::string &expected) const;
  // The texts as they are; nothing is put in quotes.
  [[noreturn]] void reject(const std::string &key, const std::string &found, const std::string &expected) const;
  void finish() const;

private:
  double finite(const std::string &key, const Json &value) const;

  std::string before_, separator_;
  const Json &json_;
  std::vector<std::string> known_;
};

} // namespace dbar
