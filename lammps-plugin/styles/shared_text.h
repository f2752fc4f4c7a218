// Text that rank 0 reads and all ranks get.
#pragma once

#include "agree.h"

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace dbar {

// Collective. The text of rank 0 on all ranks, or the error that one of them brings.
inline std::string share_text(LAMMPS_NS::Error *error, MPI_Comm world, std::string text, const std::string &failure) {
  agree(error, world, failure);
  long long length = static_cast<long long>(text.size());
  MPI_Bcast(&length, 1, MPI_LONG_LONG, 0, world);
  text.resize(length);
  MPI_Bcast(text.data(), static_cast<int>(length), MPI_CHAR, 0, world);
  return text;
}

// Collective. Raises an error, `prefix` and the path first, if rank 0 cannot read the file.
inline std::string shared_text(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &prefix,
                               const std::string &path) {
  int me = 0;
  MPI_Comm_rank(world, &me);
  std::string text, failure;
  if (me == 0) {
    std::ifstream in(path);
    std::ostringstream all;
    in.peek(); // a folder can be opened, but not read
    all << in.rdbuf();
    text = all.str();
    if (!in.is_open() || in.bad())
      failure = prefix + path + ": the file cannot be read";
  }
  return share_text(error, world, std::move(text), failure);
}

} // namespace dbar
