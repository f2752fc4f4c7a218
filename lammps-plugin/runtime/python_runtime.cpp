#include "runtime/python_runtime.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

// DBAR_PYTHON_VERSION ("3.11"), _SONAME, _LIBDIR and _EXECUTABLE come from CMake.

namespace dbar {

namespace {

std::string parent(const std::string &path) {
  return path.substr(0, path.find_last_of('/'));
}

bool readable(const std::string &path) {
  return access(path.c_str(), R_OK) == 0;
}

// The interpreter whose environment this plugin belongs to.
std::string python_executable() {
  if (const char *chosen = std::getenv("DBAR_PYTHON"))
    return chosen;
  const std::string folder = plugin_folder(); // <prefix>/lib/pythonX.Y/site-packages/dbar/plugins
  if (folder.find("-packages/dbar/plugins") != std::string::npos) {
    std::string prefix = folder;
    for (int up = 0; up < 5; ++up)
      prefix = parent(prefix);
    if (readable(prefix + "/bin/python3"))
      return prefix + "/bin/python3";
  }
  for (const char *variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const char *prefix = std::getenv(variable))
      return std::string(prefix) + "/bin/python3";
  return DBAR_PYTHON_EXECUTABLE; // the one that built the plugin
}

// `home = ...` of pyvenv.cfg names the bin folder of the interpreter that made the environment.
std::string base_library_folder(const std::string &prefix) {
  std::ifstream cfg(prefix + "/pyvenv.cfg");
  for (std::string line; std::getline(cfg, line);)
    if (line.rfind("home", 0) == 0 && line.find('=') != std::string::npos)
      return parent(line.substr(line.find_first_not_of(" \t", line.find('=') + 1))) + "/lib";
  return prefix + "/lib";
}

void load_libpython(const std::string &executable) {
  std::vector<std::string> places;
  if (const char *chosen = std::getenv("DBAR_LIBPYTHON")) {
    places.push_back(chosen);
  } else {
    places.push_back(base_library_folder(parent(parent(executable))) + "/" DBAR_PYTHON_SONAME);
    places.push_back(DBAR_PYTHON_LIBDIR "/" DBAR_PYTHON_SONAME);
    places.push_back(DBAR_PYTHON_SONAME); // the loader's own search path
  }
  std::string tried;
  for (const auto &place : places) {
    // global: extension modules such as numpy find the interpreter's symbols there
    if (dlopen(place.c_str(), RTLD_NOW | RTLD_GLOBAL))
      return;
    tried += "\n  " + std::string(dlerror());
  }
  throw std::runtime_error("no shared libpython " DBAR_PYTHON_VERSION
                           " found. Set DBAR_LIBPYTHON to it, or use a Python "
                           "that has one (`dbar doctor` tells). Tried:" +
                           tried);
}

void check_version() {
  auto version = reinterpret_cast<const char *(*)()>(dlsym(RTLD_DEFAULT, "Py_GetVersion"));
  const std::string found = version ? version() : "unknown";
  const std::string expected = DBAR_PYTHON_VERSION ".";
  if (found.rfind(expected, 0) != 0)
    throw std::runtime_error("the plugin was compiled for Python " DBAR_PYTHON_VERSION
                             ", but this process runs Python " +
                             found.substr(0, found.find(' ')) + "; install dbar into that Python");
}

const dbar_bridge *start() {
  const std::string executable = python_executable();
  auto initialized = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "Py_IsInitialized"));
  if (!initialized)
    load_libpython(executable);
  check_version();

  const std::string bridge_path = plugin_folder() + "/libdbar_bridge.so";
  void *bridge = dlopen(bridge_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!bridge)
    throw std::runtime_error("cannot load the Python bridge: " + std::string(dlerror()));
  auto bridge_start = reinterpret_cast<dbar_bridge_start_t *>(dlsym(bridge, "dbar_bridge_start"));
  if (!bridge_start)
    throw std::runtime_error(bridge_path + " is not a dbar bridge");

  const dbar_bridge *table = nullptr;
  if (const char *failure = bridge_start(executable.c_str(), parent(parent(plugin_folder())).c_str(), &table))
    throw std::runtime_error(std::string("cannot import dbar in ") + executable + ": " + failure);
  return table;
}

} // namespace

std::vector<std::string> site_packages() {
  const std::string executable = python_executable();
  return {parent(parent(plugin_folder())),
          parent(parent(executable)) + "/lib/python" DBAR_PYTHON_VERSION "/site-packages"};
}

std::string plugin_folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&python_bridge), &info))
    return ".";
  char *path = realpath(info.dli_fname, nullptr);
  std::string folder = parent(path ? path : info.dli_fname);
  std::free(path);
  return folder;
}

const dbar_bridge &python_bridge() {
  static const dbar_bridge *bridge = start(); // an exception leaves it unset: the next call tries again
  return *bridge;
}

} // namespace dbar
