"""What a network is to learn: averages of site energies over packets, and how they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dbar.gpp.drawn import drawn_sites
from dbar.gpp.network.stars import Stars
from dbar.gpp.potential import Potential

__all__ = ["Labels", "drawn_labels", "exact_labels"]


@dataclass(frozen=True)
class Labels:
    """Averages <V_i> and their derivatives, in eV, Å and Å^2.

    Attributes
    ----------
    energies : ndarray, shape (n,)
    vectors : ndarray, shape (p, 3)
        With respect to the mean position of each neighbour.
    variances : ndarray, shape (n,)
        With respect to the variance of the central atom.
    neighbour_variances : ndarray, shape (p,)
    """

    energies: np.ndarray
    vectors: np.ndarray
    variances: np.ndarray
    neighbour_variances: np.ndarray

    def part(self, stars: Stars, which: Sequence[int]) -> Labels:
        """Those of some of the sites, in that order."""
        which, rows = np.asarray(which, dtype=int), stars.rows(which)
        return Labels(
            self.energies[which], self.vectors[rows], self.variances[which],
            self.neighbour_variances[rows],
        )  # fmt: skip


def drawn_labels(
    potential: Potential, stars: Stars, samples: int, rng: np.random.Generator
) -> Labels:
    """Labels by draws, of a potential that is linear in a descriptor.

    Parameters
    ----------
    potential : Potential
        Of the form ``linear``.
    stars : Stars
        Species as places in its elements.
    samples : int
        Draws of each site.
    rng : numpy.random.Generator
    """
    found = drawn_sites(
        potential.content, stars.species, stars.start, stars.vectors, stars.neighbour_species,
        stars.variances, stars.neighbour_variances, samples, rng,
    )  # fmt: skip
    return Labels(found.energies, found.vectors, found.variances, found.neighbour_variances)


def exact_labels(kernel, stars: Stars) -> Labels:
    """Labels by the exact averages of pairs.

    Parameters
    ----------
    kernel : dbar._kernels.PacketPotential
    stars : Stars
        Species as numbers of the kernel's elements.
    """
    n, sites = len(stars), stars.sites
    species = np.concatenate([stars.species, stars.neighbour_species])
    variances = np.concatenate([stars.variances, stars.neighbour_variances])
    found = kernel.evaluate(species, sites, n + np.arange(len(sites)), stars.vectors, variances)
    energies, forces, _, slopes = found[:4]
    return Labels(energies[:n], -forces[n:], slopes[:n], slopes[n:])
