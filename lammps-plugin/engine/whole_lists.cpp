#include "engine/whole_lists.h"

#include "atom.h"
#include "error.h"
#include "group.h"
#include "neighbor.h"

#include <string>

using namespace LAMMPS_NS;

namespace dbar {

namespace {

class Seen { // the atoms of the style
public:
  Seen(LAMMPS *lmp, const std::vector<int> &species) : lmp_(lmp), atom_(lmp->atom), species_(species) {}

  bool type(int t) const { return species_[t - 1] >= 0; }
  // Collective. Whether there is one for which `is` holds.
  template <class Is> bool any(Is is) const {
    int found = 0;
    for (int i = 0; i < atom_->nlocal && !found; ++i)
      found = type(atom_->type[i]) && is(i);
    MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_INT, MPI_MAX, lmp_->world);
    return found != 0;
  }
  bool any_in(int bit) const {
    return any([&](int i) { return (atom_->mask[i] & bit) != 0; });
  }
  bool any_bonded(const int *flag) const {
    if (atom_->molecular == Atom::TEMPLATE)
      return any([](int) { return true; });
    return atom_->nspecial && any([&](int i) {
             const int *upto = atom_->nspecial[i]; // 1-2, 1-3, 1-4 neighbours, added up
             return (flag[1] == 0 && upto[0] > 0) || (flag[2] == 0 && upto[1] > upto[0]) ||
                    (flag[3] == 0 && upto[2] > upto[1]);
           });
  }

private:
  LAMMPS *lmp_;
  const Atom *atom_;
  const std::vector<int> &species_;
};

bool excludes(const Neighbor &n, const Seen &seen) {
  for (int k = 0; k < n.nex_type; ++k)
    if (seen.type(n.ex1_type[k]) && seen.type(n.ex2_type[k]))
      return true;
  for (int k = 0; k < n.nex_group; ++k)
    if (seen.any_in(n.ex1_bit[k]) && seen.any_in(n.ex2_bit[k]))
      return true;
  for (int k = 0; k < n.nex_mol; ++k)
    if (seen.any_in(n.ex_mol_bit[k]))
      return true;
  return false;
}

} // namespace

void refuse_gaps_in_lists(LAMMPS *lmp, const std::string &style, const std::vector<int> &species) {
  const Neighbor &n = *lmp->neighbor;
  const Seen seen(lmp, species);
  const auto refuse = [lmp, &style](const std::string &found, const std::string &expected) {
    lmp->error->all(FLERR,
                    "{}: found {}, which leaves atoms out of the neighbor list that are neighbors all the "
                    "same; expected {}",
                    style, found, expected);
  };
  const int *flag = n.special_flag; // 0: such pairs are not in the list
  if ((flag[1] == 0 || flag[2] == 0 || flag[3] == 0) && lmp->atom->molecular != Atom::ATOMIC && seen.any_bonded(flag))
    refuse("special_bonds with a weight 0 for both lj and coul and bonds between atoms of the model",
           "special_bonds lj/coul 1 1 1");
  if (n.exclude && excludes(n, seen))
    refuse("neigh_modify exclude for atoms of the model", "neigh_modify exclude none");
  if (n.includegroup) {
    const int bit = lmp->group->bitmask[n.includegroup];
    if (seen.any([&](int i) { return !(lmp->atom->mask[i] & bit); }))
      refuse(std::string("neigh_modify include ") + lmp->group->names[n.includegroup] +
                 ", without some atoms of the model,",
             "neigh_modify include all");
  }
}

} // namespace dbar
