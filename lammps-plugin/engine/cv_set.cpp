#include "engine/cv_set.h"

#include "engine/descriptor_sums.h"
#include "engine/raise_together.h"
#include "engine/shared_text.h"

#include "atom.h"
#include "error.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace LAMMPS_NS;

namespace dbar {

CvSet::CvSet(LAMMPS *lmp, std::string command, const std::vector<std::string> &files, const DescriptorRecord &run)
    : Pointers(lmp), command_(std::move(command)) {
  for (const auto &path : files) {
    const std::string text = shared_text(error, world, command_ + ": cv ", path);
    run_together(error, world, command_, [&] {
      cvs_.emplace_back(path, text);
      for (std::size_t i = 0; i + 1 < cvs_.size(); ++i)
        if (cvs_[i].name == cvs_.back().name)
          throw std::runtime_error("cv " + path + ": name: found " + cvs_[i].name + ", which " + cvs_[i].path +
                                   " has already, expected a name of its own");
    });
  }
  check(run);
}

CvSet::~CvSet() = default;

void CvSet::check(const DescriptorRecord &run) const {
  run_together(error, world, command_, [&] {
    for (const auto &cv : cvs_)
      cv.check(run);
  });
}

void CvSet::begin_run(std::unique_ptr<DescriptorSums> sums, int groupbit) {
  sums_ = std::move(sums);
  groupbit_ = groupbit;
  D_.assign(sums_->size() + 1, 0.0);
  theta_.assign(sums_->size(), 0.0);
  gradient_.assign(cvs_.size(), theta_);
}

double CvSet::value(int i, const double *D, double *gradient) const {
  const CvFile &file = cvs_[i];
  if (file.cv.per_atom && !(D[0] > 0.0))
    error->all(FLERR, "{}: cv {} is per atom, but its compute has no central atom at step {}", command_, file.path,
               update->ntimestep);
  const double value = file.cv.value(D, gradient);
  if (!std::isfinite(value))
    error->all(FLERR, "{}: cv {} is {} at step {}, expected a finite number", command_, file.path, value,
               update->ntimestep);
  return value;
}

void CvSet::evaluate(std::vector<double> &value) {
  std::fill(D_.begin(), D_.end(), 0.0);
  const std::string failure = failure_of(command_, [this] { sums_->accumulate(groupbit_, D_.data(), nullptr); });
  D_.back() = failure.empty() ? 0.0 : 1.0;
  MPI_Allreduce(MPI_IN_PLACE, D_.data(), static_cast<int>(D_.size()), MPI_DOUBLE, MPI_SUM, world);
  if (D_.back() > 0.0)
    raise_together(error, world, failure);
  for (int i = 0; i < size(); ++i)
    value[i] = this->value(i, D_.data(), gradient_[i].data());
}

double CvSet::summed(int i) const {
  double sum = 0.0;
  for (std::size_t k = 0; k < theta_.size(); ++k)
    sum += std::abs(gradient_[i][k] * D_[k]);
  return sum;
}

void CvSet::add_forces(const std::vector<double> &weight, double factor, double (*f)[3], double *virial) {
  const auto not_finite = [this](const std::string &what) {
    throw std::runtime_error(what + " is not finite at step " + std::to_string(update->ntimestep));
  };
  std::fill(theta_.begin(), theta_.end(), 0.0);
  for (std::size_t i = 0; i < cvs_.size(); ++i)
    for (std::size_t k = 0; k < theta_.size(); ++k) {
      theta_[k] -= factor * weight[i] * gradient_[i][k];
      if (!std::isfinite(theta_[k]))
        not_finite("the force on cv " + cvs_[i].path);
    }
  sums_->add_forces(groupbit_, theta_.data(), f, virial);
  if (std::all_of(virial, virial + 6, [](double w) { return std::isfinite(w); }))
    return; // all forces are in it
  const int nall = atom->nlocal + atom->nghost;
  for (int i = 0; i < nall; ++i)
    if (!std::isfinite(f[i][0] + f[i][1] + f[i][2]))
      not_finite(fmt::format("the force of the bias on atom {}", atom->tag_enable ? atom->tag[i] : i + 1));
  not_finite("the virial of the bias");
}

double CvSet::memory_usage() const {
  double numbers = static_cast<double>(D_.size() + theta_.size() + D_.size() * gradient_.size());
  for (const auto &cv : cvs_)
    numbers += static_cast<double>(cv.cv.matrix.size());
  return numbers * sizeof(double) + (sums_ ? sums_->memory_usage() : 0.0);
}

} // namespace dbar
