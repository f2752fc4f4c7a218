// Just enough JSON to hand settings to Python.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace dbar {

inline std::string json_quote(const std::string &text) {
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

inline std::string json_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

inline std::string json_list(const std::vector<std::string> &texts) {
  std::string out = "[";
  for (const auto &text : texts)
    out += (out.size() > 1 ? "," : "") + json_quote(text);
  return out + "]";
}

inline std::string json_numbers(const double *values, std::size_t n) {
  std::string out = "[";
  for (std::size_t k = 0; k < n; ++k)
    out += (k ? "," : "") + json_number(values[k]);
  return out + "]";
}

class JsonObject {
public:
  JsonObject &raw(const std::string &key, const std::string &json) {
    body_ += (body_.empty() ? "" : ",") + json_quote(key) + ":" + json;
    return *this;
  }
  JsonObject &text(const std::string &key, const std::string &value) { return raw(key, json_quote(value)); }
  JsonObject &text_or_null(const std::string &key, const std::string &value) {
    return raw(key, value.empty() ? "null" : json_quote(value));
  }
  JsonObject &number(const std::string &key, double value) { return raw(key, json_number(value)); }
  JsonObject &integer(const std::string &key, long long value) { return raw(key, std::to_string(value)); }
  JsonObject &flag(const std::string &key, bool value) { return raw(key, value ? "true" : "false"); }
  std::string str() const { return "{" + body_ + "}"; }

private:
  std::string body_;
};

} // namespace dbar
