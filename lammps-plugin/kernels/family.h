// What the registry knows of a family of descriptors.
#pragma once

#include "kernels/descriptor.h"
#include "kernels/words.h"

namespace dbar {

// A setting as its keyword is listed for others.
struct Keyword {
  std::string name;
  const char *kind;  // as Kind, see settings.h
  std::string value; // the default, for one species
};

struct Family {
  std::unique_ptr<Descriptor> (*make)(double rcut, Words &words, int nspecies);
  std::vector<Keyword> (*keywords)();
};

} // namespace dbar
