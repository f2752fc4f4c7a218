#include "styles/stream/known_ids.h"

#include "engine/raise_together.h"

#include "atom.h"
#include "memory.h"
#include "update.h"

#include <algorithm>

namespace dbar {

KnownIds::~KnownIds() {
  memory->destroy(id_);
}

void KnownIds::grow(int nmax) {
  memory->grow(id_, nmax, "dbar:id");
  std::fill(id_ + std::min(nmax_, nmax), id_ + nmax, 0);
  nmax_ = nmax;
}

void KnownIds::learn() {
  if (atom->tag_enable)
    std::copy_n(atom->tag, atom->nlocal, id_);
}

void KnownIds::check(const std::string &fix) const {
  std::string changed;
  for (int i = 0; atom->tag_enable && i < atom->nlocal && changed.empty(); ++i)
    if (id_[i] > 0 && id_[i] != atom->tag[i])
      changed = fmt::format("Fix dbar/stream: keyword snapshot: atom {} has ID {} at step {}, expected the ID that it "
                            "had when the last run ended: after reset_atoms id, or delete_atoms without compress no, "
                            "unfix {} and define it again, with another store",
                            id_[i], atom->tag[i], update->ntimestep, fix);
  raise_together(error, world, changed);
}

} // namespace dbar
