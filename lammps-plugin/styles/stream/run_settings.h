// Settings that a script can change between two runs and that all snapshots of a stream must share.
#pragma once

#include "pointers.h"

#include <cstdint>
#include <string>

namespace LAMMPS_NS {
class Atom;
class ComputeDbar;
} // namespace LAMMPS_NS

namespace dbar {

class KnownIds;

// Masses of the atom types as JSON, null if atoms have masses of their own or a type has none.
std::string masses_json(const LAMMPS_NS::Atom *);

class RunSettings : protected LAMMPS_NS::Pointers {
public:
  // `id`: of the fix. `ids`: of atoms when the last run ended. With `looks_back` false nothing depends on more than one
  // snapshot.
  RunSettings(LAMMPS_NS::LAMMPS *lmp, std::string id, const KnownIds &ids, bool looks_back)
      : Pointers(lmp), id_(std::move(id)), ids_(ids), looks_back_(looks_back) {}

  void begin(const LAMMPS_NS::ComputeDbar &); // the stream begins with those that are in force
  // Collective: what the members of the compute's group are when a run ends, and IDs have been learnt.
  void end_run(const LAMMPS_NS::ComputeDbar &);
  // Each raises a LAMMPS error on all ranks, and before the stream begins nothing. The last is collective.
  void check_compute(const LAMMPS_NS::ComputeDbar &) const;
  void check_timestep() const;
  void check_all(const LAMMPS_NS::ComputeDbar &) const;

private:
  // A group is told by sums over hashes of the IDs of its atoms, whichever ranks have them.
  struct Members {
    std::uint64_t all = 0, group = 0;
    std::int64_t count = 0;
    bool dynamic = false, known = false;
  };
  Members members(const LAMMPS_NS::ComputeDbar &) const;

  std::string id_;
  const KnownIds &ids_;
  bool looks_back_, begun_ = false;
  std::string descriptor_, masses_;
  double dt_ = 0.0;
  Members members_;
};

} // namespace dbar
