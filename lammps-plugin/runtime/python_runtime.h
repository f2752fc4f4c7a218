// Finds, starts or joins a Python interpreter and hands out the bridge to it. No Python header
// here.
#pragma once

#include "runtime/bridge.h"

#include <exception>
#include <string>
#include <vector>

namespace dbar {

// The bridge of this process, started at the first call.
// Throws std::runtime_error that says what was looked for, where, and what to do.
const dbar_bridge &python_bridge();

// Text of the failure of call(bridge), `command` first; empty if there was none. The call returns what the bridge does.
template <class Call> std::string python_failure(const std::string &command, Call call) {
  try {
    if (const char *text = call(python_bridge()))
      return command + ": Python: " + text;
  } catch (const std::exception &e) {
    return command + ": Python: " + e.what();
  }
  return "";
}

// Folder of this plugin (the libraries lie side by side in it).
std::string plugin_folder();

// Folders where packages of the plugin's Python are installed, likely ones first. Starts no interpreter.
std::vector<std::string> site_packages();

} // namespace dbar
