// Arrays for vector kernels, aligned to cache lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

namespace dbar {

class AlignedMemory {
public:
  AlignedMemory() = default;
  AlignedMemory(const AlignedMemory &) = delete;
  AlignedMemory &operator=(const AlignedMemory &) = delete;
  ~AlignedMemory() {
    for (double *each : owned_)
      ::operator delete(each, line);
  }

  // An array of zeros, which lives as long as this. Arrays begin an odd number of lines apart so that they do not
  // compete for the same sets of the cache.
  double *take(std::size_t numbers) {
    const std::size_t lines = (numbers * sizeof(double) + 63) / 64 | 1;
    auto *memory = static_cast<double *>(::operator new(lines * 64, line));
    std::fill(memory, memory + lines * 8, 0.0);
    owned_.push_back(memory);
    bytes_ += lines * 64;
    return memory;
  }
  std::size_t bytes() const { return bytes_; }

private:
  static constexpr std::align_val_t line{64};
  std::vector<double *> owned_;
  std::size_t bytes_ = 0;
};

} // namespace dbar
