// PLUMED, loaded when it is first needed. The few C declarations that its binary interface consists of are repeated
// in the source file, so that nothing of PLUMED is needed to compile.
#pragma once

#include <memory>
#include <string>

namespace dbar {

// One PLUMED. Every error of PLUMED comes as a std::runtime_error with PLUMED's own message.
class Plumed {
public:
  Plumed();

  // `value` points to what the command takes or gives: text, int, long long, double, FILE.
  void cmd(const std::string &key, const void *value = nullptr);

  // Loads PLUMED, or throws std::runtime_error that says where it was looked for and how to get it.
  static void load();

private:
  std::unique_ptr<void, void (*)(void *)> main_;
};

} // namespace dbar
