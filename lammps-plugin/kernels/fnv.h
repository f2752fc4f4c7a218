// FNV-1a: a number that tells contents apart, and damage. No protection against intent.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dbar {

inline std::uint64_t fnv1a(const char *bytes, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (std::size_t k = 0; k < size; ++k)
    hash = (hash ^ static_cast<unsigned char>(bytes[k])) * 0x100000001b3ULL;
  return hash;
}

} // namespace dbar
