// Text of files that rank 0 reads and all ranks get.
#pragma once

#include <mpi.h>

#include <string>

namespace LAMMPS_NS {
class Error;
}

namespace dbar {

// Collective. Raises an error, `prefix` and the path first, if rank 0 cannot read the file.
std::string shared_text(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &prefix, const std::string &path);

// The same for a file in the working folder or in one of LAMMPS_POTENTIALS; `style` begins the message.
std::string shared_potential(LAMMPS_NS::Error *error, MPI_Comm world, const std::string &style,
                             const std::string &path);

} // namespace dbar
