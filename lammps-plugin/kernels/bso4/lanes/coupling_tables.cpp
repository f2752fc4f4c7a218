// The order of work and the coefficients of Z(j1,j2 -> t) and of its contraction.
#include "kernels/bso4/lanes/tables.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <tuple>

namespace dbar::bso4 {

namespace {

int half_size(int j) {
  return ((j + 1) * (j + 1) + 1) / 2;
}

// m1 + m2 = m + shift
int shift(int j1, int j2, int t) {
  return (j1 + j2 - t) / 2;
}

struct Target {
  int z;     // first element of Z(.. -> t)
  int block; // that it is
};
using Targets = std::map<int, Target, std::greater<int>>; // by t

// Targets come in descending order: the first ones reach a given projection.
int reach(const Targets &z, int j1, int j2, int s) {
  return static_cast<int>(
      std::count_if(z.begin(), z.end(), [&](const auto &target) { return target.first >= std::abs(2 * s - j1 - j2); }));
}

// A unit before sorting.
struct Task {
  UnitRange kind; // begin and end unused
  Unit unit;
};

// The b-pairs of one sb with their coefficients.
void add_column(CouplingTables &tables, int j1, int j2, int sb, const Targets &z, Unit &unit) {
  unit.begin = static_cast<int>(tables.column_pair.size());
  unit.cb = static_cast<int>(tables.cb.size());
  unit.cb_step = reach(z, j1, j2, sb);
  for (int mb1 = std::max(0, sb - j2); mb1 <= std::min(j1, sb); ++mb1) {
    const int mb2 = sb - mb1;
    // For j1 = j2 exchanging the two factors gives the same: half of the pairs, twice.
    if (j1 == j2 && mb1 > mb2)
      continue;
    const double times = j1 == j2 && mb1 < mb2 ? 2.0 : 1.0;
    tables.column_pair.push_back({2 * (offset(j1) + mb1 * (j1 + 1)), 2 * (offset(j2) + mb2 * (j2 + 1))});
    auto target = z.begin();
    for (int i = 0; i < unit.cb_step; ++i, ++target) {
      tables.cb.push_back(times * clebsch_gordan(j1, mb1, j2, mb2, target->first));
      tables.cb_block.push_back(target->second.block);
    }
  }
  unit.end = static_cast<int>(tables.column_pair.size());
}

// The a-pairs of one sa with their coefficients for the first targets.
void add_row(CouplingTables &tables, int j1, int j2, int sa, const Targets &z, Task &task) {
  const int a1 = std::max(0, sa - j2), a2 = sa - a1;
  task.kind.a_pairs = std::min(j1, sa) - a1 + 1;
  task.unit.u1 = 2 * a1;
  task.unit.u2 = 2 * a2;
  task.unit.ca = static_cast<int>(tables.ca.size());
  for (int k = 0; k < task.kind.a_pairs; ++k) {
    auto target = z.begin();
    for (int i = 0; i < task.kind.targets; ++i, ++target)
      tables.ca.push_back(clebsch_gordan(j1, a1 + k, j2, a2 - k, target->first));
  }
}

void add_pair(CouplingTables &tables, int j1, int j2, const Targets &z, std::vector<Task> &all) {
  // The half matrices, 2 mb <= t or 2 sb <= j1 + j2.
  const int first = shift(j1, j2, z.begin()->first), last = (j1 + j2) / 2;
  std::vector<Unit> columns(last + 1);
  for (int sb = first; sb <= last; ++sb)
    add_column(tables, j1, j2, sb, z, columns[sb]);
  for (int sa = 0; sa <= j1 + j2; ++sa) {
    const int reached = reach(z, j1, j2, sa);
    Task task{};
    for (int sb = first; sb <= last && reached > 0; ++sb) {
      // Of a middle column only the upper half, 2 ma <= t.
      if (2 * sb == j1 + j2 && 2 * sa > j1 + j2)
        continue;
      const int targets = std::min(reached, columns[sb].cb_step);
      const Task former = task;
      task.unit = columns[sb];
      task.kind.targets = targets;
      if (targets != former.kind.targets) {
        add_row(tables, j1, j2, sa, z, task);
      } else {
        task.unit.u1 = former.unit.u1;
        task.unit.u2 = former.unit.u2;
        task.unit.ca = former.unit.ca;
      }
      task.unit.z = static_cast<int>(tables.z_at.size());
      auto target = z.begin();
      for (int i = 0; i < targets; ++i, ++target) {
        const int t = target->first, s = shift(j1, j2, t);
        tables.z_at.push_back(2 * (target->second.z + half_index(t, sa - s, sb - s)));
      }
      all.push_back(task);
    }
  }
}

// Alike units one after the other: loops of the same length are what a processor foresees best.
void sort_units(CouplingTables &tables, std::vector<Task> &all) {
  const auto key = [](const Task &w) {
    return std::make_tuple(w.kind.a_pairs, w.kind.targets, w.unit.end - w.unit.begin);
  };
  std::stable_sort(all.begin(), all.end(), [&](const Task &x, const Task &y) { return key(x) < key(y); });
  for (const Task &w : all) {
    const int at = static_cast<int>(tables.unit.size());
    if (tables.range.empty() || tables.range.back().a_pairs != w.kind.a_pairs ||
        tables.range.back().targets != w.kind.targets)
      tables.range.push_back({w.kind.a_pairs, w.kind.targets, at, at});
    tables.unit.push_back(w.unit);
    ++tables.range.back().end;
  }
}

// Blocks of one target, three at a time: they share the loads of U and W.
void add_groups(CouplingTables &tables, const std::vector<Block> &blocks, const std::vector<int> &z,
                const std::vector<int> &half_at) {
  for (int t = 0; t < static_cast<int>(half_at.size()); ++t)
    for (const bool value : {true, false}) {
      int held = 3;
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        const Block &b = blocks[i];
        if (b.t != t || b.value != value)
          continue;
        if (held == 3) {
          tables.group.push_back({t, half_size(t), half_at[t], 0, static_cast<int>(tables.block.size()), value});
          held = 0;
        }
        tables.block.push_back({z[i], b.component, b.factor, b.norm});
        ++tables.group.back().blocks;
        ++held;
      }
    }
}

} // namespace

void make_couplings(CouplingTables &tables, const std::vector<Block> &blocks, const std::vector<int> &half_at,
                    bool adjoint) {
  std::map<std::pair<int, int>, Targets> z_of;
  std::vector<int> z;
  int elements = 0;
  for (const Block &b : blocks) {
    z_of[{b.j1, b.j2}][b.t] = {adjoint ? half_at[b.t] : elements, static_cast<int>(z.size())};
    z.push_back(elements);
    elements += half_size(b.t);
  }
  std::vector<Task> all;
  for (const auto &[j, targets] : z_of)
    add_pair(tables, j.first, j.second, targets, all);
  sort_units(tables, all);
  if (!adjoint) {
    add_groups(tables, blocks, z, half_at);
    tables.cb_block = {};
  }
  tables.view = {static_cast<int>(tables.range.size()),
                 static_cast<int>(tables.group.size()),
                 elements,
                 tables.range.data(),
                 tables.unit.data(),
                 tables.column_pair.data(),
                 tables.z_at.data(),
                 tables.ca.data(),
                 tables.cb.data(),
                 tables.group.data(),
                 tables.block.data()};
}

void scale_couplings(const CouplingTables &tables, const std::vector<Block> &blocks, const double *theta,
                     std::vector<double> &cb) {
  std::vector<double> scale;
  for (const Block &b : blocks)
    scale.push_back(theta[b.component] * b.factor);
  cb.resize(tables.cb.size());
  for (std::size_t i = 0; i < cb.size(); ++i)
    cb[i] = tables.cb[i] * scale[tables.cb_block[i]];
}

} // namespace dbar::bso4
