#include "styles/bias/plumed.h"

#include "runtime/python_runtime.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace dbar {

namespace {

// The table that a PLUMED kernel exports as `plumed_symbol_table`; later members are not needed.
extern "C" {
struct NothrowHandler {
  void *context;
  void (*report)(void *context, int code, const char *message, const void *optional);
};
struct SymbolTable {
  int version; // 2 or more: cmd_nothrow exists
  void *(*create)();
  void (*cmd)(void *, const char *, const void *);
  void (*finalize)(void *);
  void (*cmd_nothrow)(void *, const char *, const void *, NothrowHandler);
};
}

constexpr int needed_api = 10; // the first that says whether a variable is needed at this step

std::string kernel_path() {
  if (const char *chosen = std::getenv("PLUMED_KERNEL"); chosen && *chosen)
    return chosen;
  std::string tried;
  for (const auto &folder : site_packages()) {
    const std::string path = folder + "/plumed/_lib/lib/libplumedKernel.so";
    if (access(path.c_str(), R_OK) == 0)
      return path;
    tried += " " + path;
  }
  throw std::runtime_error("no PLUMED kernel found: install one with `pip install --no-deps hillclimber`, or set "
                           "PLUMED_KERNEL to a libplumedKernel.so. Looked for" +
                           tried);
}

const SymbolTable *load_kernel() {
  const std::string path = kernel_path();
  // as PLUMED's own loader does: its symbols stay apart from those of a PLUMED that LAMMPS may contain
  int mode = RTLD_NOW;
  const char *where = std::getenv("PLUMED_LOAD_NAMESPACE");
  mode |= where && std::strcmp(where, "GLOBAL") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
#ifdef RTLD_DEEPBIND
  if (!std::getenv("PLUMED_LOAD_NODEEPBIND"))
    mode |= RTLD_DEEPBIND;
#endif
  void *handle = dlopen(path.c_str(), mode);
  if (!handle)
    throw std::runtime_error("cannot load the PLUMED kernel: " + std::string(dlerror()) +
                             ". Set PLUMED_KERNEL to a libplumedKernel.so, or unset it and install one with "
                             "`pip install --no-deps hillclimber`");
  const auto *table = static_cast<const SymbolTable *>(dlsym(handle, "plumed_symbol_table"));
  if (!table || table->version < 2)
    throw std::runtime_error("PLUMED kernel " + path + ": found no symbol table, expected PLUMED 2.10 or newer");
  return table;
}

const SymbolTable &kernel() {
  static const SymbolTable *table = load_kernel(); // an exception leaves it unset: the next call tries again
  return *table;
}

// PLUMED writes its files when it is finalised, also if `quit` ends the process without destroying the fixes.
std::vector<void *> &alive() {
  static std::vector<void *> all;
  return all;
}
void finalise_all() {
  for (void *main : std::exchange(alive(), {}))
    kernel().finalize(main);
}

struct Failure {
  int code = 0;
  std::string message;
};
void report(void *context, int code, const char *message, const void *) {
  auto *failure = static_cast<Failure *>(context);
  failure->code = code ? code : 1;
  failure->message = message ? message : "unknown error";
}

// Messages come in several lines, an error of LAMMPS is one. Where PLUMED's sources raised it, "(core/Action.cpp:372)
// void PLMD::...", is left out (its log has it) unless there is nothing else than an assertion.
std::string one_line(const std::string &text) {
  std::istringstream lines(text);
  std::string all, said;
  bool plain = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      continue;
    all += (all.empty() ? "" : " ") + line;
    if (line.front() == '(' && line.find(".cpp:") != std::string::npos)
      continue;
    said += (said.empty() ? "" : " ") + line;
    plain = plain || line.rfind("+++", 0) != 0;
  }
  return plain ? said : all;
}

void *create() {
  void *main = kernel().create();
  alive().push_back(main);
  static const int registered = std::atexit(finalise_all);
  static_cast<void>(registered);
  return main;
}

void finalise(void *main) {
  const auto place = std::find(alive().begin(), alive().end(), main);
  if (place == alive().end())
    return; // the process is ending
  alive().erase(place);
  kernel().finalize(main);
}

} // namespace

void Plumed::load() {
  kernel();
}

Plumed::Plumed() : main_(create(), finalise) {
  int api = 0;
  cmd("getApiVersion", &api);
  if (api < needed_api)
    throw std::runtime_error("the PLUMED kernel has interface version " + std::to_string(api) + ", expected " +
                             std::to_string(needed_api) + " or newer (PLUMED 2.10)");
}

void Plumed::cmd(const std::string &key, const void *value) {
  Failure failure;
  kernel().cmd_nothrow(main_.get(), key.c_str(), value, {&failure, report});
  if (failure.code)
    throw std::runtime_error("PLUMED: " + one_line(failure.message));
}

} // namespace dbar
