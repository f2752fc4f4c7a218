#include "engine/stored_record.h"

#include "kernels/fnv.h"

#include <cstring>
#include <stdexcept>

#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

namespace dbar {

namespace {

// LAMMPS reads a record into memory of its own, from new[]; how much that is the allocator knows.
std::size_t allocated(const char *bytes) {
#ifdef __APPLE__
  return malloc_size(bytes);
#else
  return malloc_usable_size(const_cast<char *>(bytes));
#endif
}

// A double holds 52 bits.
double check_number(const char *bytes, std::size_t size) {
  return static_cast<double>(fnv1a(bytes, size) >> 12);
}

} // namespace

StoredRecord::StoredRecord(const char *bytes) : begin_(bytes), next_(bytes), size_(allocated(bytes)) {}

const char *StoredRecord::take(std::size_t bytes) {
  const std::size_t used = next_ - begin_;
  if (bytes > size_ - used)
    throw std::runtime_error("ends too early: it is damaged");
  next_ += bytes;
  return next_ - bytes;
}

void StoredRecord::several(double *to, std::size_t count) {
  const char *from = take(count * sizeof(double));
  if (count > 0)                                   // else `to` may be null
    std::memcpy(to, from, count * sizeof(double)); // without alignment
}

std::string StoredRecord::text(std::size_t characters) {
  return std::string(take(characters), characters);
}

void StoredRecord::check() {
  const double expected = check_number(begin_, next_ - begin_);
  if (one() != expected)
    throw std::runtime_error("has another content than was written: it is damaged, or ends too early");
}

void write_record(FILE *fp, std::vector<double> numbers, const std::string &text) {
  const int size = static_cast<int>((numbers.size() + 1) * sizeof(double) + text.size());
  numbers[1] = size;
  std::string bytes(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(double));
  bytes += text;
  const double check = check_number(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char *>(&check), sizeof check);
  fwrite(&size, sizeof size, 1, fp);
  fwrite(bytes.data(), 1, bytes.size(), fp);
}

} // namespace dbar
