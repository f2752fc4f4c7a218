#include "engine/shared_text.h"

#include "engine/raise_together.h"

#include "utils.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace dbar {

namespace {

// The text of a file; false if it cannot be read, errno says why.
bool read(const std::string &path, std::string &text) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  file.peek(); // a folder can be opened, but not read
  content << file.rdbuf();
  text = content.str();
  return file.is_open() && !file.bad();
}

// Collective. What read_file(text) gives on rank 0, on all ranks; it returns a message where it fails. A text has no
// more bytes than MPI can count.
template <class ReadFile>
std::string share(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &name, ReadFile read_file) {
  int me = 0;
  MPI_Comm_rank(world, &me);
  std::string text, failure;
  if (me == 0) {
    failure = read_file(text);
    if (failure.empty() && text.size() > INT_MAX / 2)
      failure = name + " has more than 1 GB, expected a model in JSON";
  }
  raise_together(error, world, failure);
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, 0, world);
  run_together(error, world, name, [&] { text.resize(length); });
  MPI_Bcast(text.data(), length, MPI_CHAR, 0, world);
  return text;
}

} // namespace

std::string shared_text(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &prefix, const std::string &path) {
  return share(error, world, prefix + path, [&](std::string &text) {
    return read(path, text) ? std::string() : prefix + path + ": the file cannot be read";
  });
}

std::string shared_potential(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &style,
                             const std::string &path) {
  return share(error, world, style + ": " + path, [&](std::string &text) -> std::string {
    const std::string found = LAMMPS_NS::utils::get_potential_file_path(path);
    if (read(found.empty() ? path : found, text))
      return "";
    return style + ": cannot read " + path + ": " + std::strerror(errno) +
           "; expected a file here or in the folders of LAMMPS_POTENTIALS";
  });
}

} // namespace dbar
