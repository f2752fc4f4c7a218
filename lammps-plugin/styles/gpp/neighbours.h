// The packets around each packet, with the averages of their pairs.
#pragma once

#include "kernels/gpp/packet_table.h"

#include "pointers.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {
class NeighList;
}

namespace dbar {

// Some neighbours of an atom that count, all of one type.
struct Neighbours {
  int i, n;
  const int *j;
  const double *R, *S, (*e)[3];              // distances, sums of variances, from i to j
  const gpp::Averages *f, *fR, *fS;          // of j at i; what was not wanted is null
  const gpp::Averages *back, *backR, *backS; // of i at j
};

class NeighbourWalk : protected LAMMPS_NS::Pointers {
public:
  // tables[(a - 1) * ntypes + b - 1]: of an atom of type b at one of type a.
  NeighbourWalk(LAMMPS_NS::LAMMPS *lmp, std::vector<const gpp::PacketTable *> tables);

  void forget() { list_ = nullptr; } // positions or lists are others

  enum class Want { values, by_S, all };
  // Calls use(Neighbours) for each atom and type of neighbours; each pair comes once on a rank that has it. Two atoms
  // at one place are left out, and said by trouble().
  template <class Use> void for_each(const LAMMPS_NS::NeighList *list, const double *s, Want want, Use use) {
    begin(list, s);
    for (int ii = 0; ii < static_cast<int>(first_.size()) - 1; ++ii)
      for (int type = 1; type <= types_; ++type)
        if (gather(ii, type, want))
          use(found_);
  }
  const std::string &trouble() const { return trouble_; }
  double memory_usage() const;

private:
  void begin(const LAMMPS_NS::NeighList *list, const double *s);
  void find_near();
  bool gather(int ii, int type, Want want);
  void make_room(int neighbours);

  std::vector<const gpp::PacketTable *> tables_;
  const LAMMPS_NS::NeighList *list_ = nullptr;
  const double *s_ = nullptr;
  double widest_ = 0.0, bound_ = 0.0; // largest variance, that for which the near ones are known
  int types_, room_ = 0;
  std::vector<int> near_;          // atoms near enough for such variances
  std::vector<std::size_t> first_; // of each in LAMMPS's list, and one more
  std::vector<int> j_;
  std::vector<double> R_, S_, e_;
  std::vector<double> averages_[6];
  Neighbours found_ = {};
  std::string trouble_;
};

} // namespace dbar
