"""Batches of one atom with its neighbours: what a site energy depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Stars"]


@dataclass(frozen=True)
class Stars:
    """Sites, each a central atom and its neighbours, with the variances of their packets.

    Attributes
    ----------
    species : ndarray of int, shape (n,)
        Of central atoms: their place in the list of species.
    variances : ndarray, shape (n,)
        Of central atoms, for each Cartesian component (Å^2).
    start : ndarray of int, shape (n + 1,)
        Where the neighbours of a site begin.
    vectors : ndarray, shape (p, 3)
        From the central atom's mean position to that of each neighbour (Å).
    neighbour_species, neighbour_variances : ndarray, shape (p,)
        Of neighbours.
    """

    species: np.ndarray
    variances: np.ndarray
    start: np.ndarray
    vectors: np.ndarray
    neighbour_species: np.ndarray
    neighbour_variances: np.ndarray

    def __len__(self) -> int:
        return len(self.species)

    @property
    def sites(self) -> np.ndarray:
        """The site of each neighbour, shape (p,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def rows(self, which: Sequence[int]) -> np.ndarray:
        """Where the neighbours of some of the sites are, one site after the other."""
        which = np.asarray(which, dtype=int)
        counts = np.diff(self.start)[which]
        before = np.cumsum(counts) - counts
        return np.repeat(self.start[which] - before, counts) + np.arange(counts.sum())

    def part(self, which: Sequence[int]) -> Stars:
        """Some of the sites, in that order."""
        which, rows = np.asarray(which, dtype=int), self.rows(which)
        start = np.concatenate([[0], np.cumsum(np.diff(self.start)[which])])
        return Stars(
            self.species[which], self.variances[which], start, self.vectors[rows],
            self.neighbour_species[rows], self.neighbour_variances[rows],
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[Stars]) -> Stars:
        """One batch of several."""
        counts = np.concatenate([np.diff(one.start) for one in parts])
        columns = (
            np.concatenate([getattr(one, name) for one in parts])
            for name in (
                "species", "variances", "vectors", "neighbour_species", "neighbour_variances",
            )
        )  # fmt: skip
        species, variances, vectors, neighbour_species, neighbour_variances = columns
        start = np.concatenate([[0], np.cumsum(counts)])
        return cls(species, variances, start, vectors, neighbour_species, neighbour_variances)
