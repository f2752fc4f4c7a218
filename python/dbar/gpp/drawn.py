"""Averages of potentials that are no embedded atoms, by draws of the packets.

With x = q + sqrt(s) z and z kept, derivatives are along the draws: by a mean the average of dV/dx,
by a variance that of z dV/dx over 2 sqrt(s). They are those of the drawn average itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar import _kernels
from dbar.descriptors.neighbours import neighbourhoods
from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.potential import Potential

__all__ = ["Drawn", "DrawnSites", "drawn_sites"]

_SIGMAS = 6.0
_CHANCE = 1e-6  # of being within the cutoff, below which a pair does not count


@dataclass(frozen=True)
class DrawnSites:
    """Averages of site energies and their derivatives (eV, Å, Å^2), from draws.

    Attributes
    ----------
    energies, variances : ndarray, shape (n,)
        <V_i>, and its derivative by the variance of the central atom.
    vectors : ndarray, shape (p, 3)
        Derivatives by the mean positions of the neighbours.
    neighbour_variances : ndarray, shape (p,)
    totals : ndarray, shape (pairs of draws,)
        Sum of the energies in each pair of opposite draws.
    """

    energies: np.ndarray
    vectors: np.ndarray
    variances: np.ndarray
    neighbour_variances: np.ndarray
    totals: np.ndarray


def drawn_sites(
    content, species, start, vectors, neighbour_species, variances, neighbour_variances,
    samples: int, rng: np.random.Generator,
) -> DrawnSites:  # fmt: skip
    """Averages over draws that come in opposite pairs, z and -z.

    Parameters
    ----------
    content : LinearPotential
        Whose ``sites`` gives energies and derivatives.
    species, variances : ndarray, shape (n,)
        Of the central atoms.
    start : ndarray of int, shape (n + 1,)
        Where the neighbours of a site begin.
    vectors : ndarray, shape (p, 3)
        Between mean positions (Å).
    neighbour_species, neighbour_variances : ndarray, shape (p,)
    samples : int
        Draws, an even number; the same for all sites.
    rng : numpy.random.Generator
    """
    n, p = len(species), len(vectors)
    sites = np.repeat(np.arange(n), np.diff(start))
    own, theirs = np.sqrt(variances)[:, None], np.sqrt(neighbour_variances)[:, None]
    energies, slopes = np.zeros(n), np.zeros(n)
    pulled, their_slopes = np.zeros((p, 3)), np.zeros(p)
    totals = []
    for _ in range(samples // 2):
        here, there = rng.standard_normal((n, 3)), rng.standard_normal((p, 3))
        shift = theirs * there - (own * here)[sites]
        both = np.zeros(n)
        for sign in (1.0, -1.0):
            found, gradient = content.sites(
                species, start, vectors + sign * shift, neighbour_species
            )
            both += found
            pulled += gradient
            their_slopes += sign * np.sum(gradient * there, axis=1)
            slopes -= sign * np.bincount(sites, np.sum(gradient * here[sites], axis=1), n)
        energies += both
        totals.append(0.5 * np.sum(both))
    count = 2 * (samples // 2)
    return DrawnSites(
        energies / count, pulled / count, slopes / (2.0 * own[:, 0] * count),
        their_slopes / (2.0 * theirs[:, 0] * count), np.array(totals),
    )  # fmt: skip


class Drawn:
    """Monte Carlo for a potential that is linear in a descriptor.

    The random numbers are the same at each evaluation, so that an average is a function of means
    and variances; it is smooth as long as no pair comes into reach or leaves it.

    Parameters
    ----------
    potential : Potential
        Of the form ``linear``.
    samples : int
        Draws of each evaluation, in opposite pairs.
    seed : int
    smax : float
        Largest variance (Å^2).
    """

    def __init__(
        self, potential: Potential, samples: int = 256, seed: int = 0, smax: float = 0.05
    ) -> None:
        if samples < 64:
            raise ValueError(f"samples: found {samples}, expected 64 or more")
        if not 0.0 < smax < float("inf"):
            raise ValueError(f"smax: found {smax!r}, expected a variance above 0 Å^2")
        self.potential, self.samples, self.seed, self.smax = potential, samples, seed, smax

    def at(self, atoms) -> PlacedDrawn:
        """The average with the atoms' mean positions.

        Raises
        ------
        ValueError
            An element or a position that will not do.
        """
        return PlacedDrawn(self, atoms)


class PlacedDrawn:
    """Such an average with positions; made by :meth:`Drawn.at`."""

    def __init__(self, average: Drawn, atoms) -> None:
        self.average = average
        self._types = average.potential.types(atoms.get_chemical_symbols())
        reach = average.potential.cutoff + _SIGMAS * np.sqrt(2.0 * average.smax)
        found = neighbourhoods(atoms, self._types, reach, False, 1)
        self._sites = np.repeat(np.arange(len(atoms)), np.diff(found.first))
        self._neighbour, self._vectors = found.neighbour, found.r

    def evaluate(self, variances) -> Averages:
        """Energy and derivatives with variances (n,) per Cartesian component (Å^2)."""
        average, n = self.average, len(self._types)
        s = checked_variances(variances, n, average.smax)
        distance = np.linalg.norm(self._vectors, axis=1)
        spread = s[self._sites] + s[self._neighbour]
        keep = _kernels.chance_within(average.potential.cutoff, distance, spread) > _CHANCE
        sites, neighbour, vectors = self._sites[keep], self._neighbour[keep], self._vectors[keep]
        start = np.concatenate([[0], np.cumsum(np.bincount(sites, minlength=n))])
        found = drawn_sites(
            average.potential.content, self._types, start, vectors, self._types[neighbour], s,
            s[neighbour], average.samples, np.random.default_rng(average.seed),
        )  # fmt: skip
        error = float(np.std(found.totals, ddof=1) / np.sqrt(len(found.totals)))
        return Averages.of_sites(
            found.energies, found.vectors, found.variances, found.neighbour_variances, sites,
            neighbour, vectors, error,
        )  # fmt: skip
