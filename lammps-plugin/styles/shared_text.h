// A text file that rank 0 reads and all ranks get.
#pragma once

#include "agree.h"

#include <fstream>
#include <sstream>

namespace dbar {

// Collective. Raises an error, `prefix` and the path first, if rank 0 cannot read the file.
inline std::string shared_text(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &prefix,
                               const std::string &path) {
  int me = 0;
  MPI_Comm_rank(world, &me);
  std::string text, failure;
  if (me == 0) {
    std::ifstream in(path);
    std::ostringstream all;
    if (in && all << in.rdbuf())
      text = all.str();
    else
      failure = prefix + path + ": the file cannot be read";
  }
  agree(error, world, failure);
  long long length = static_cast<long long>(text.size());
  MPI_Bcast(&length, 1, MPI_LONG_LONG, 0, world);
  text.resize(length);
  MPI_Bcast(text.data(), static_cast<int>(length), MPI_CHAR, 0, world);
  return text;
}

} // namespace dbar
