// Where a style adds forces of owned and ghost atoms. With newton on, LAMMPS's own reverse
// communication carries those of ghosts home; with newton off the style does, from a buffer.
#pragma once

#include "atom.h"
#include "error.h"
#include "force.h"
#include "pair.h"

#include <algorithm>
#include <string>
#include <vector>

namespace dbar {

class GhostForces {
public:
  // The array to add to; `newton` says whether LAMMPS will communicate atom->f in reverse.
  double (*begin(LAMMPS_NS::Atom *atom, bool newton))[3] {
    if (newton)
      return reinterpret_cast<double (*)[3]>(atom->nmax > 0 ? atom->f[0] : nullptr);
    buffer_.assign(3 * static_cast<std::size_t>(atom->nlocal + atom->nghost), 0.0);
    return reinterpret_cast<double (*)[3]>(buffer_.data());
  }
  // For pack_reverse_comm() and unpack_reverse_comm() of the style, with 3 numbers per atom.
  int pack(int n, int first, double *buf) const {
    std::copy_n(buffer_.data() + 3 * static_cast<std::size_t>(first), 3 * n, buf); // n may be 0 at the end
    return 3 * n;
  }
  void unpack(int n, const int *list, const double *buf) {
    for (int i = 0; i < n; ++i)
      for (int d = 0; d < 3; ++d)
        buffer_[3 * static_cast<std::size_t>(list[i]) + d] += buf[3 * i + d];
  }
  // After that communication, with newton off.
  void add_to(LAMMPS_NS::Atom *atom) const {
    for (int i = 0; i < atom->nlocal; ++i)
      for (int d = 0; d < 3; ++d)
        atom->f[i][d] += buffer_[3 * static_cast<std::size_t>(i) + d];
  }
  double memory_usage() const { return static_cast<double>(buffer_.capacity() * sizeof(double)); }

private:
  std::vector<double> buffer_;
};

// For a fix, in its init(): with newton off LAMMPS makes its buffers large enough for the reverse communication of pair
// styles, not for that of fixes, and CommTiled has none that grows. Comm::init() follows and reads this number.
inline void make_room_for_ghosts(LAMMPS_NS::Force *force, LAMMPS_NS::Error *error, const std::string &command,
                                 int size) {
  if (force->newton)
    return;
  if (!force->pair)
    error->all(FLERR, "{}: found newton off and no pair style, expected newton on, or a pair style such as zero",
               command);
  force->pair->comm_reverse_off = std::max(force->pair->comm_reverse_off, size);
}

} // namespace dbar
