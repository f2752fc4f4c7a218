// Which ID each atom had when a run ended: `reset_atoms id`, or `delete_atoms` that closes gaps, give atoms the IDs of
// others.
#pragma once

#include "lmptype.h"
#include "pointers.h"

#include <string>

namespace dbar {

class KnownIds : protected LAMMPS_NS::Pointers {
public:
  explicit KnownIds(LAMMPS_NS::LAMMPS *lmp) : Pointers(lmp) {}
  ~KnownIds() override;

  void learn(); // those that owned atoms have now
  // Collective. Raises a LAMMPS error if an atom has another ID by now; `fix`: the ID of the fix.
  void check(const std::string &fix) const;

  // Of an atom of this rank, whatever ID it has by now; 0 if it came since.
  LAMMPS_NS::tagint of(int i) const { return id_[i]; }

  // Atom callbacks of the fix that owns this.
  static constexpr int nper_atom = 1;
  void grow(int nmax);
  void copy(int i, int j) { id_[j] = id_[i]; }
  void start_new(int i) { id_[i] = 0; }
  void pack_atom(int i, double *buf) const { *buf = static_cast<double>(id_[i]); }
  void unpack_atom(int i, const double *buf) { id_[i] = static_cast<LAMMPS_NS::tagint>(*buf); }
  double memory_usage() const { return static_cast<double>(nmax_ * sizeof(LAMMPS_NS::tagint)); }

private:
  LAMMPS_NS::tagint *id_ = nullptr; // [nmax], 0: came since
  int nmax_ = 0;
};

} // namespace dbar
