"""Sums over environments of which covariances are made; they add up over frames and fits."""

from __future__ import annotations

import numpy as np

from dbar.statistics.moments import LaggedMoments

__all__ = ["Sums"]


class Sums:
    """Products of coefficients of each block of central atoms, and their moments with a target.

    Parameters
    ----------
    blocks : int
        Kinds of central atoms that have functions of their own.
    species, nmax, lmax : int
        Species A of neighbours, functions and largest degree of the expansion.
    mixed : bool
        Products between species as well.

    Attributes
    ----------
    environments : ndarray of int, shape (blocks,)
    products : ndarray, shape (blocks, lmax + 1, groups, size, size)
        Sums over environments and m. A group is a species of neighbours, with nmax functions; mixed
        there is one group, of A nmax functions (a, n).
    moments : list of LaggedMoments
        Of the A nmax coefficients of l = 0 and the target, for each block.
    """

    def __init__(self, blocks: int, species: int, nmax: int, lmax: int, mixed: bool):
        groups, size = (1, species * nmax) if mixed else (species, nmax)
        self.species, self.nmax = species, nmax
        self.environments = np.zeros(blocks, dtype=np.int64)
        self.products = np.zeros((blocks, lmax + 1, groups, size, size))
        self.moments = [LaggedMoments(species * nmax + 1, 0, 0) for _ in range(blocks)]

    def add(self, c, block, target=None) -> None:
        """Add the environments of one configuration.

        Parameters
        ----------
        c : ndarray, shape (n, A * nmax * (lmax + 1)**2)
            Coefficients of each central atom.
        block : ndarray of int, shape (n,)
            Block of each.
        target : float or ndarray, shape (n,), optional
            Of the configuration, as a mean over its atoms, or of each atom.
        """
        c = c.reshape(len(c), self.species, self.nmax, -1)
        for b in range(len(self.environments)):
            here = c[block == b]
            self.environments[b] += len(here)
            for l, products in enumerate(self.products[b]):  # noqa: E741
                z = np.moveaxis(here[..., l * l : (l + 1) ** 2], 0, 2)
                z = z.reshape(*products.shape[:2], -1)
                products += z @ z.swapaxes(1, 2)
            if target is None or not len(c):
                continue
            x = here[..., 0].reshape(len(here), -1)
            if np.ndim(target):
                rows = np.column_stack([x, target[block == b]])
            else:  # what these central atoms are in a mean over all of them
                rows = np.append(x.sum(axis=0) / len(c), target)[None]
            self.moments[b].add_batch(rows, np.zeros(len(rows), dtype=int))

    def merge(self, other: Sums) -> None:
        """Add the sums of other configurations."""
        self.environments += other.environments
        self.products += other.products
        for mine, theirs in zip(self.moments, other.moments, strict=True):
            mine.merge(theirs)
