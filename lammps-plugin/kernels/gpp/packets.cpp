#include "kernels/gpp/packets.h"

#include "kernels/pi.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dbar::gpp {

Embedded embed(const Embedding &F, const Sums &sums, double s, const Parts &parts) {
  Embedded site;
  const double m = sums.phi;
  const Jet middle = F.at(m);
  if (parts.mean_only) {
    site.energy = middle.f;
    site.by_phi = middle.d1;
    return site;
  }
  const double *G = sums.G;
  const double common = parts.shared_centre ? G[0] * G[0] + G[1] * G[1] + G[2] * G[2] - sums.slopes : 0.0;
  const double v = std::max(sums.spread + s * common, 0.0), off = std::sqrt(3.0 * v);
  double by_v;
  if (off <= 1e-5 * m) { // the difference below would be of rounding
    site.energy = middle.f + 0.5 * v * middle.d2;
    site.by_phi = middle.d1;
    by_v = 0.5 * middle.d2;
  } else {
    site.width = m > 0.0 ? off / m : 2.0 * widest;
    const double least = (1.0 - widest) * m; // while packets are still far too wide
    const bool held = m - off < least;
    const Jet low = F.at(held ? least : m - off), high = F.at(m + off);
    site.energy = 2.0 / 3.0 * middle.f + (low.f + high.f) / 6.0;
    site.by_phi = 2.0 / 3.0 * middle.d1 + ((held ? 1.0 - widest : 1.0) * low.d1 + high.d1) / 6.0;
    by_v = 0.25 * (high.d1 - (held ? 0.0 : low.d1)) / off;
  }
  site.by_spread = by_v;
  if (parts.shared_centre) {
    site.by_slopes = -s * by_v;
    for (int d = 0; d < 3; ++d)
      site.by_G[d] = 2.0 * s * by_v * G[d];
    site.by_s = common * by_v;
  }
  return site;
}

double change_by_S(const Embedded &site, const Averages &f, const Averages &fS, const double *e) {
  const double along = site.by_G[0] * e[0] + site.by_G[1] * e[1] + site.by_G[2] * e[2];
  return site.by_phi * fS[density] + site.by_spread * fS[spread] +
         (2.0 * site.by_slopes * f[slope] + along) * fS[slope];
}

void change_by_pair(const Embedded &site, const Averages &f, const Averages &fR, const Averages &fS, double R,
                    const double *e, double *by_vector, double *by_S) {
  const double along = site.by_G[0] * e[0] + site.by_G[1] * e[1] + site.by_G[2] * e[2];
  const double turn = f[slope] / R; // e turns
  const double by_R = site.by_phi * fR[density] + site.by_spread * fR[spread] +
                      (2.0 * site.by_slopes * f[slope] + along) * fR[slope] - turn * along;
  for (int d = 0; d < 3; ++d)
    by_vector[d] = by_R * e[d] + turn * site.by_G[d];
  *by_S = change_by_S(site, f, fS, e);
}

double chance_within(double cutoff, double R, double S) {
  if (!(S > 0.0))
    return R < cutoff ? 1.0 : 0.0;
  const double root = std::sqrt(2.0 * S), near = (cutoff - R) / root, far = (cutoff + R) / root;
  const double rest = R > 0.0 ? (std::exp(-near * near) - std::exp(-far * far)) / R * std::sqrt(S / (2.0 * pi))
                              : 2.0 * cutoff / S * std::exp(-near * near) * std::sqrt(S / (2.0 * pi));
  // erfc where the sum of two erf of opposite signs would be rounding
  return std::max(0.5 * (std::erfc(-near) - std::erfc(far)) - rest, 0.0);
}

Packets::Packets(Form form, double most_variance)
    : form_(std::move(form)), most_variance_(most_variance),
      tables_(static_cast<std::size_t>(form_.size()) * form_.size()) {}

double Packets::reach(double cutoff) const {
  return cutoff + PacketTable::reach_in_sigma * std::sqrt(2.0 * most_variance_);
}

double Packets::reach(int a, int b) const {
  const auto k = static_cast<std::size_t>(a) * size() + b;
  return reach(std::max(form_.pair[k]->cutoff(), form_.density[k]->cutoff()));
}

const PacketTable &Packets::table(int a, int b) const {
  const auto k = static_cast<std::size_t>(a) * size() + b;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!tables_[k])
    tables_[k] =
        std::make_unique<PacketTable>(*form_.pair[k], form_.pair_kind, *form_.density[k], 2.0 * most_variance_);
  return *tables_[k];
}

double Packets::memory_usage() const {
  double bytes = 0.0;
  for (const auto &table : tables_)
    if (table)
      bytes += table->memory_usage();
  return bytes;
}

} // namespace dbar::gpp
