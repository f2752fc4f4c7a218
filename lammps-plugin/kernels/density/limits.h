// What the kernels of a density can do.
#pragma once

#include <cstddef>

namespace dbar::density {

// Beyond it the recursion of the harmonics is untested.
constexpr int most_lmax = 12;

constexpr int largest_nmax = 40;     // of dvr
constexpr int largest_nmax_gto = 12; // beyond it the Gaussians are nearly dependent

constexpr int most_species_of_a_basis = 100; // that fits some data

// Components of a centre: the six derivatives of each take 200 MB in every thread.
constexpr std::size_t most_components = 500000;

} // namespace dbar::density
