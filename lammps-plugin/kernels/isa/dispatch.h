// Chooses among the kernels of the instruction sets, once per process. Also read by the files that are compiled for one
// set: no function with a body but the template, which they leave alone.
#pragma once

namespace dbar {

enum class Isa { avx512, avx2, portable, reference };
Isa isa_in_use(); // throws BadSetting, see active_isa()

// Which of several overloads: a family has one for each set but reference.
template <Isa> struct With {};

// What give(With<...>()) returns for the set in use; null for reference, which is no vector kernel.
template <class Give> auto in_use(Give give) -> decltype(give(With<Isa::portable>())) {
  switch (isa_in_use()) {
#ifdef DBAR_WITH_avx512
  case Isa::avx512:
    return give(With<Isa::avx512>());
#endif
#ifdef DBAR_WITH_avx2
  case Isa::avx2:
    return give(With<Isa::avx2>());
#endif
  case Isa::portable:
    return give(With<Isa::portable>());
  default:
    return nullptr;
  }
}

// The same; the portable one for reference, where a family has no other implementation.
template <class Give> auto in_use_or_portable(Give give) -> decltype(*give(With<Isa::portable>())) {
  const auto chosen = in_use(give);
  return chosen ? *chosen : *give(With<Isa::portable>());
}

} // namespace dbar
