// Words of a descriptor that name a file: its content takes their place.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

namespace LAMMPS_NS {
class Error;
}

namespace dbar {

// Collective: rank 0 reads the files. Raises an error that `command` begins if one cannot be read or is no such file.
void read_file_words(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &command, const std::string &family,
                     std::vector<std::string> &words);

} // namespace dbar
