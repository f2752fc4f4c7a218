#include "styles/stream/own_positions.h"

#include "atom.h"
#include "domain.h"
#include "lammps.h"

namespace dbar {

void OwnPositions::take(LAMMPS_NS::LAMMPS *lmp, int groupbit, double **displacement, std::int64_t now_step,
                        double now) {
  const LAMMPS_NS::Atom *atom = lmp->atom;
  const LAMMPS_NS::Domain *domain = lmp->domain;
  step = now_step;
  time = now;
  id.clear();
  type.clear();
  x.clear();
  for (int i = 0; i < atom->nlocal; ++i) {
    if (!(atom->mask[i] & groupbit))
      continue;
    id.push_back(atom->tag_enable ? atom->tag[i] : 0);
    type.push_back(atom->type[i]);
    for (int d = 0; d < 3; ++d)
      x.push_back(atom->x[i][d] + displacement[i][d]);
  }
  for (int d = 0; d < 3; ++d) {
    box[d] = domain->boxlo[d];
    box[3 + d] = domain->boxhi[d];
    periodic[d] = goes_on_along(*domain, d);
  }
  box[6] = domain->xy;
  box[7] = domain->xz;
  box[8] = domain->yz;
}

double OwnPositions::memory_usage() const {
  return static_cast<double>(id.capacity() * sizeof(std::int64_t) + type.capacity() * sizeof(int) +
                             x.capacity() * sizeof(double));
}

} // namespace dbar
