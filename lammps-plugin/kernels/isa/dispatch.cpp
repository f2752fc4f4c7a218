#include "kernels/isa/dispatch.h"

#include "kernels/isa/isa.h"
#include "kernels/words.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace dbar {

// Of peak.h, for each set. Multiplies and adds as fast as can be; returns how often.
double multiply_adds(With<Isa::portable>, long rounds);
double multiply_adds(With<Isa::avx2>, long rounds);
double multiply_adds(With<Isa::avx512>, long rounds);

namespace {

const char *name(Isa isa) {
  switch (isa) {
  case Isa::avx512:
    return "avx512";
  case Isa::avx2:
    return "avx2";
  case Isa::portable:
    return "portable";
  default:
    return "reference";
  }
}

// What the build has and this processor can run, widest first.
std::vector<Isa> available() {
  std::vector<Isa> sets;
#ifdef DBAR_WITH_avx512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    sets.push_back(Isa::avx512);
#endif
#ifdef DBAR_WITH_avx2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back(Isa::avx2);
#endif
  sets.push_back(Isa::portable);
  sets.push_back(Isa::reference);
  return sets;
}

Isa choose() {
  const auto sets = available();
  const char *wish = std::getenv("DBAR_ISA");
  if (!wish || !*wish)
    return sets.front();
  const std::string found = wish;
  for (const Isa isa : sets)
    if (found == name(isa))
      return isa;
  if (found == "avx512" || found == "avx2")
    throw BadSetting("DBAR_ISA: found '" + found + "', which this processor or build lacks");
  throw BadSetting("DBAR_ISA: found '" + found + "', expected avx512, avx2, portable or reference");
}

} // namespace

Isa isa_in_use() {
  static const Isa isa = choose();
  return isa;
}

const char *active_isa() {
  return name(isa_in_use());
}

const char *vector_isa() {
  return name(isa_in_use() == Isa::reference ? Isa::portable : isa_in_use());
}

double peak_multiply_adds() {
  using Loop = double (*)(long);
  const Loop loop =
      in_use([](auto isa) -> Loop { return [](long rounds) { return multiply_adds(decltype(isa)(), rounds); }; });
  double best = 0.0;
  for (int trial = 0; loop && trial < 10; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    const double number = loop(1000000);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, number / seconds.count());
  }
  return best;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa isa : available())
    names.push_back(name(isa));
  return names;
}

} // namespace dbar
