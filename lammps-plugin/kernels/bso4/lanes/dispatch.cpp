#include "dispatch.h"

#include "../../families.h"

#include <cstdlib>
#include <string>

namespace dbar::bso4 {

namespace {

const Entry *choose() {
  const auto entries = available_entries();
  const char *wish = std::getenv("DBAR_ISA");
  if (!wish || !*wish)
    return entries.front();
  const std::string name = wish;
  if (name == "reference")
    return nullptr;
  for (const Entry *entry : entries)
    if (name == entry->name)
      return entry;
  if (name == "avx512" || name == "avx2")
    throw BadSetting("DBAR_ISA: found '" + name + "', which this processor or build lacks");
  throw BadSetting("DBAR_ISA: found '" + name + "', expected avx512, avx2, portable or reference");
}

} // namespace

std::vector<const Entry *> available_entries() {
  std::vector<const Entry *> entries;
#ifdef DBAR_WITH_avx512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    entries.push_back(avx512_entry());
#endif
#ifdef DBAR_WITH_avx2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    entries.push_back(avx2_entry());
#endif
  entries.push_back(portable_entry());
  return entries;
}

const Entry *active_entry() {
  static const Entry *const entry = choose();
  return entry;
}

} // namespace dbar::bso4
