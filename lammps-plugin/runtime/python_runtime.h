// Finds, starts or joins a Python interpreter and hands out the bridge to it. No Python header
// here.
#pragma once

#include "runtime/bridge.h"

#include <string>
#include <vector>

namespace dbar {

// The bridge of this process, started at the first call.
// Throws std::runtime_error that says what was looked for, where, and what to do.
const dbar_bridge &python_bridge();

// Folder of this plugin (the libraries lie side by side in it).
std::string plugin_folder();

// Folders where packages of the plugin's Python are installed, likely ones first. Starts no interpreter.
std::vector<std::string> site_packages();

} // namespace dbar
