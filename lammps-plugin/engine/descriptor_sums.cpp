#include "engine/descriptor_sums.h"

#include "kernels/forces.h"

#include "atom.h"
#include "neigh_list.h"

#include <algorithm>

namespace dbar {

DescriptorSums::DescriptorSums(LAMMPS_NS::Atom *&atom, const Descriptor &descriptor, std::vector<int> species,
                               bool perspecies, int nthreads, LAMMPS_NS::NeighList *list)
    : atom_(atom), list_(list), cutoff_(descriptor.cutoff()), K_(descriptor.size()),
      blocks_(perspecies ? descriptor.nspecies() : 1), threads_(std::max(nthreads, 1)) {
  // As many as OMP_NUM_THREADS or `package omp` ask for. They are plain threads: the plugin must not bring a second
  // OpenMP runtime into LAMMPS. Parts are added in a fixed order, so the same number of threads gives the same bits.
  for (int t = 0; t < threads_.count(); ++t) {
    Worker worker;
    worker.descriptor = descriptor.clone();
    worker.neighbourhoods = std::make_unique<Neighbourhoods>(atom, list ? nullptr : &cells_, list, descriptor, species);
    workers_.push_back(std::move(worker));
  }
}

std::pair<int, int> DescriptorSums::range(int part, LAMMPS_NS::bigint entries) const {
  const auto nparts = static_cast<LAMMPS_NS::bigint>(workers_.size());
  return {static_cast<int>(entries * part / nparts), static_cast<int>(entries * (part + 1) / nparts)};
}

int DescriptorSums::centres() const {
  return list_ ? list_->inum : atom_->nlocal;
}

const int *DescriptorSums::order() const {
  return list_ ? list_->ilist : cells_.order().data();
}

int DescriptorSums::place(double **shift) {
  shift_ = shift;
  const int nall = atom_->nlocal + atom_->nghost;
  return nall > 0 ? cells_.build(atom_->x[0], shift ? shift[0] : nullptr, atom_->nlocal, nall, cutoff_) : -1;
}

void DescriptorSums::accumulate(int groupbit, double *D, double *V) {
  if (workers_.size() == 1)
    return accumulate_part(0, groupbit, order(), range(0, centres()), D, V);
  const int n = size();
  threads_.run([=](int t) {
    auto &sums = workers_[t].sums;
    sums.assign(V ? 7 * n : n, 0.0);
    accumulate_part(t, groupbit, order(), range(t, centres()), sums.data(), V ? sums.data() + n : nullptr);
  });
  for (const auto &worker : workers_) {
    for (int k = 0; k < n; ++k)
      D[k] += worker.sums[k];
    for (int k = 0; V && k < 6 * n; ++k)
      V[k] += worker.sums[n + k];
  }
}

void DescriptorSums::accumulate_part(int part, int groupbit, const int *order, std::pair<int, int> entries, double *D,
                                     double *V) {
  Worker &worker = workers_[part];
  Batch batch;
  for (int block = 0; block < blocks_; ++block) {
    const int offset = 1 + block * K_;
    worker.neighbourhoods->select(groupbit, blocks_ > 1 ? block : -1, shift_, order, entries.first, entries.second);
    while (worker.neighbourhoods->next(batch)) {
      D[0] += batch.n;
      worker.descriptor->accumulate(batch, D + offset, V ? V + 6 * offset : nullptr);
    }
  }
}

void DescriptorSums::accumulate_sets(int groupbit, const std::vector<int> &order, const std::vector<int> &first,
                                     bool virial, double *rows) {
  const std::size_t n = size(), width = virial ? 7 * n : n;
  std::vector<std::size_t> shared(workers_.size()); // the set of which a thread holds a part in its own sums
  threads_.run([&](int t) {
    const auto [begin, end] = range(t, static_cast<LAMMPS_NS::bigint>(order.size()));
    workers_[t].sums.assign(width, 0.0);
    std::size_t set = std::upper_bound(first.begin(), first.end(), begin) - first.begin() - 1;
    shared[t] = set;
    for (; set + 1 < first.size() && first[set] < end; ++set) {
      const bool begun = first[set] < begin; // by an earlier thread, which writes to the row
      double *D = begun ? workers_[t].sums.data() : rows + set * width;
      accumulate_part(t, groupbit, order.data(), {std::max(first[set], begin), std::min(first[set + 1], end)}, D,
                      virial ? D + n : nullptr);
    }
  });
  for (std::size_t t = 0; t < workers_.size(); ++t)
    if (shared[t] + 1 < first.size())
      for (std::size_t k = 0; k < width; ++k)
        rows[shared[t] * width + k] += workers_[t].sums[k];
}

void DescriptorSums::per_centre(int groupbit, const std::function<void(int, int, const double *)> &visit) {
  threads_.run([&](int t) {
    Worker &worker = workers_[t];
    Batch batch;
    const auto [begin, end] = range(t, centres());
    worker.neighbourhoods->select(groupbit, -1, shift_, order(), begin, end);
    worker.sums.resize(static_cast<std::size_t>(Neighbourhoods::batch_size) * K_);
    while (worker.neighbourhoods->next(batch)) {
      worker.descriptor->per_centre(batch, worker.sums.data());
      for (int i = 0; i < batch.n; ++i)
        visit(worker.neighbourhoods->centres()[i], batch.type[i], &worker.sums[static_cast<std::size_t>(i) * K_]);
    }
  });
}

void DescriptorSums::add_forces(int groupbit, const double *theta, double (*f)[3], double *virial, double *energy,
                                const AtomTally &tally) {
  double total = 0.0;
  if (!energy)
    energy = &total;
  if (workers_.size() == 1)
    return add_forces_part(0, groupbit, theta, f, virial, energy, tally);
  // one after the other in a thread's sums: forces, virial, energy, then what is tallied
  const std::size_t n = static_cast<std::size_t>(atom_->nlocal + atom_->nghost);
  const std::size_t at_virial = 3 * n, at_energy = at_virial + 6, at_eatom = at_energy + 1,
                    at_vatom = at_eatom + (tally.energy ? n : 0), end = at_vatom + (tally.virial ? 6 * n : 0);
  threads_.run([=](int t) {
    auto &sums = workers_[t].sums;
    sums.assign(end, 0.0);
    double *begin = sums.data();
    AtomTally mine;
    if (tally.energy)
      mine.energy = begin + at_eatom;
    if (tally.virial)
      mine.virial = reinterpret_cast<double (*)[6]>(begin + at_vatom);
    add_forces_part(t, groupbit, theta, reinterpret_cast<double (*)[3]>(begin), begin + at_virial, begin + at_energy,
                    mine);
  });
  // each thread adds up a stretch of the numbers of all of them
  threads_.run([=](int t) {
    const auto add = [&](double *to, std::size_t from, std::size_t count) {
      const std::size_t first = count * t / workers_.size(), last = count * (t + 1) / workers_.size();
      for (const auto &worker : workers_)
        for (std::size_t k = first; k < last; ++k)
          to[k] += worker.sums[from + k];
    };
    add(n ? f[0] : nullptr, 0, 3 * n);
    add(virial, at_virial, 6);
    add(energy, at_energy, 1);
    if (n && tally.energy)
      add(tally.energy, at_eatom, n);
    if (n && tally.virial)
      add(tally.virial[0], at_vatom, 6 * n);
  });
}

void DescriptorSums::add_forces_part(int part, int groupbit, const double *theta, double (*f)[3], double *virial,
                                     double *energy, const AtomTally &tally) {
  Worker &worker = workers_[part];
  Batch batch;
  double strain[6] = {};
  for (int block = 0; block < blocks_; ++block) {
    const auto [begin, end] = range(part, centres());
    worker.neighbourhoods->select(groupbit, blocks_ > 1 ? block : -1, shift_, order(), begin, end);
    while (worker.neighbourhoods->next(batch))
      dbar::add_forces(*worker.descriptor, batch, worker.neighbourhoods->centres(), worker.neighbourhoods->neighbours(),
                       theta + 1 + block * K_, f, strain, energy, tally);
  }
  for (int k = 0; k < 6; ++k)
    virial[k] -= strain[k];
}

double DescriptorSums::memory_usage() const {
  double bytes = cells_.memory_usage();
  for (const auto &worker : workers_)
    bytes += worker.descriptor->memory_usage() + worker.neighbourhoods->memory_usage() +
             worker.sums.capacity() * sizeof(double);
  return bytes;
}

} // namespace dbar
