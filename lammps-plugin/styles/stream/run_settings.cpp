#include "styles/stream/run_settings.h"

#include "files/json_text.h"
#include "styles/compute/dbar.h"
#include "styles/stream/known_ids.h"

#include "atom.h"
#include "error.h"
#include "group.h"
#include "update.h"

namespace dbar {

namespace {

std::uint64_t mixed(std::uint64_t x) { // the finalizer of splitmix64
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

} // namespace

std::string masses_json(const LAMMPS_NS::Atom *atom) {
  if (!atom->mass || atom->rmass)
    return "null";
  for (int type = 1; type <= atom->ntypes; ++type)
    if (!atom->mass_setflag[type])
      return "null";
  return json_numbers(atom->mass + 1, atom->ntypes);
}

void RunSettings::begin(const LAMMPS_NS::ComputeDbar &compute) {
  descriptor_ = compute.settings_json();
  masses_ = masses_json(atom);
  dt_ = update->dt;
  begun_ = true;
}

RunSettings::Members RunSettings::members(const LAMMPS_NS::ComputeDbar &compute) const {
  std::uint64_t sums[3] = {0, 0, 0};
  for (int i = 0; i < atom->nlocal; ++i) {
    const std::uint64_t one = atom->tag_enable ? mixed(ids_.of(i)) : 1;
    sums[0] += one;
    if (atom->mask[i] & compute.groupbit) {
      sums[1] += one;
      ++sums[2];
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, 3, MPI_UINT64_T, MPI_SUM, world);
  return {sums[0], sums[1], static_cast<std::int64_t>(sums[2]), group->dynamic[compute.igroup] != 0, true};
}

void RunSettings::end_run(const LAMMPS_NS::ComputeDbar &compute) {
  if (begun_ && looks_back_)
    members_ = members(compute);
}

void RunSettings::check_compute(const LAMMPS_NS::ComputeDbar &compute) const {
  if (begun_ && compute.settings_json() != descriptor_)
    error->all(FLERR,
               "Fix dbar/stream: compute {} has settings {}, expected those with which the stream began, {}: for "
               "another compute unfix {} and define it again",
               compute.id, compute.settings_json(), descriptor_, id_);
}

// Whatever looks at several snapshots takes the time between them for one and the same.
void RunSettings::check_timestep() const {
  if (begun_ && looks_back_ && update->dt != dt_)
    error->all(FLERR,
               "Fix dbar/stream: timestep is {:.10g} at step {}, expected {:.10g}, that with which the stream began: "
               "for another timestep unfix {} and define it again, with another store",
               update->dt, update->ntimestep, dt_, id_);
}

void RunSettings::check_all(const LAMMPS_NS::ComputeDbar &compute) const {
  check_compute(compute);
  check_timestep();
  if (!begun_ || !looks_back_)
    return;
  if (const std::string masses = masses_json(atom); masses != masses_)
    error->all(FLERR,
               "Fix dbar/stream: masses are {} at step {}, expected {}, those with which the stream began: for others "
               "unfix {} and define it again, with another store",
               masses, update->ntimestep, masses_, id_);
  if (!members_.known)
    return;
  const Members now = members(compute);
  const char *name = group->names[compute.igroup];
  if (now.dynamic != members_.dynamic)
    error->all(FLERR,
               "Fix dbar/stream: group {} of compute {} is {} at step {}, expected {}, as when the last run ended: for "
               "other atoms unfix {} and define it again, with another store",
               name, compute.id, now.dynamic ? "dynamic" : "static", update->ntimestep,
               members_.dynamic ? "dynamic" : "static", id_);
  // atoms that came or went in between may have changed it as they do within a run
  if (!now.dynamic && now.all == members_.all && now.group != members_.group)
    error->all(FLERR,
               "Fix dbar/stream: group {} of compute {} has {} atoms at step {}, expected the {} that it had when the "
               "last run ended: for other atoms unfix {} and define it again, with another store",
               name, compute.id, now.count, update->ntimestep, members_.count, id_);
}

} // namespace dbar
