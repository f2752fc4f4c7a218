"""Perfect crystals by the waves that fit into their cell: products and traces without a matrix.

A cell of n1 x n2 x n3 unit cells has one block of force constants for each pair of atoms of a unit
cell and each distance of cells; its Fourier transform D(q) at the n1 n2 n3 commensurate waves has
all modes (M. Born, K. Huang, Dynamical Theory of Crystal Lattices, 1954, section 15).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

__all__ = ["Crystal"]

_SAME = 1e-5  # Å, what an atom may be off the place of its like in another unit cell
_LARGEST = 16  # atoms of a unit cell that are worth their products


class Crystal:
    """How a periodic cell is made of equal unit cells.

    Attributes
    ----------
    times : tuple of int
        Unit cells along each vector of the cell.
    sites : ndarray of int, shape (n1, n2, n3, m)
        Atom of each place of each unit cell.
    """

    def __init__(self, times: tuple[int, int, int], sites: np.ndarray) -> None:
        self.times = times
        self.sites = sites

    @classmethod
    def of(cls, atoms, masses: np.ndarray, same: float = _SAME) -> Crystal | None:
        """The unit cells of a configuration, None where there are none that are small.

        Parameters
        ----------
        atoms : ase.Atoms
        masses : ndarray, shape (n,)
            Atoms of different species or masses are not alike.
        same : float
            How far an atom may be off the place of its like (length unit).
        """
        from scipy.spatial import cKDTree

        if not np.all(atoms.pbc):
            return None
        cell = np.asarray(atoms.cell)
        where = np.mod(np.mod(atoms.positions @ np.linalg.inv(cell), 1.0), 1.0)
        kinds = np.unique(np.array([atoms.numbers, masses]), axis=1, return_inverse=True)[1]
        tree, kinds = cKDTree(where, boxsize=1.0), np.ravel(kinds)
        times, most = [], len(atoms)
        for axis in range(3):
            step = np.zeros(3)
            for parts in range(most, 0, -1):
                step[axis] = 1.0 / parts
                if most % parts == 0 and _repeats(tree, where, kinds, cell, step, same):
                    break
            times.append(parts)
        if most > _LARGEST * np.prod(times):
            return None
        sites = _sites(where, kinds, times, same, cell)
        return None if sites is None else cls(tuple(times), sites)

    @property
    def basis(self) -> np.ndarray:
        """The first atom of each place (m,)."""
        return self.sites[0, 0, 0]

    def dynamical_matrices(self, product: Callable, masses: np.ndarray) -> np.ndarray:
        """M^-1/2 H M^-1/2 of each wave (n1, n2, n3, 3m, 3m), from products with unit displacements.

        Parameters
        ----------
        product : callable
            H z of a displacement z (n, 3).
        masses : ndarray, shape (n,)
        """
        m, n = len(self.basis), self.sites.size
        blocks = np.empty((*self.times, 3 * m, 3 * m))
        root = np.sqrt(masses[self.basis]).repeat(3)
        for column in range(3 * m):
            z = np.zeros((n, 3))
            z[self.basis[column // 3], column % 3] = 1.0
            blocks[..., column] = product(z)[self.sites].reshape(*self.times, 3 * m)
        waves = fft.fftn(blocks / root / root[:, None], axes=(0, 1, 2))
        return 0.5 * (waves + np.conj(np.swapaxes(waves, -1, -2)))

    def apply(self, waves: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """The product of a vector (3n,) with the matrix of which these are the waves."""
        inside = vector.reshape(-1, 3)[self.sites].reshape(*self.times, -1)
        there = fft.fftn(inside, axes=(0, 1, 2))
        made = fft.ifftn((waves @ there[..., None])[..., 0], axes=(0, 1, 2))
        return self._by_atoms(made.real)

    def eigenvalues(self, waves: np.ndarray, masses: np.ndarray) -> np.ndarray:
        """Eigenvalues of all modes but the translations, ascending (3n - 3,)."""
        weights = np.sqrt(masses[self.basis])
        along = np.kron(weights[:, None] / np.linalg.norm(weights), np.eye(3))
        rest = np.linalg.qr(along, mode="complete")[0][:, 3:]
        still = np.linalg.eigvalsh(rest.T @ waves[0, 0, 0] @ rest)
        others = np.linalg.eigvalsh(waves.reshape(-1, *waves.shape[3:])[1:])
        return np.sort(np.concatenate([still, others.ravel()]))

    def lowest(self, waves: np.ndarray) -> np.ndarray:
        """The standing wave (3n,) of the lowest eigenvalue."""
        values, vectors = np.linalg.eigh(waves)
        q = np.unravel_index(np.argmin(values[..., 0]), self.times)
        alone = np.zeros((*self.times, waves.shape[-1]), dtype=complex)
        alone[q] = vectors[q][:, 0]
        wave = fft.ifftn(alone, axes=(0, 1, 2))
        longer = wave.real if np.linalg.norm(wave.real) > np.linalg.norm(wave.imag) else wave.imag
        return self._by_atoms(longer)

    def _by_atoms(self, inside: np.ndarray) -> np.ndarray:
        found = np.empty((self.sites.size, 3))
        found[self.sites.ravel()] = inside.reshape(-1, 3)
        return found.ravel()


def _repeats(tree, where, kinds, cell, step, same: float) -> bool:
    """Whether the crystal is the same after this step (in parts of the cell)."""
    if len(where) > 64:  # most steps fail for a few atoms as well
        few = np.arange(0, len(where), len(where) // 32)
        if not _on_sites(tree, where, kinds, cell, step, same, few):
            return False
    return _on_sites(tree, where, kinds, cell, step, same, np.arange(len(where)))


def _on_sites(tree, where, kinds, cell, step, same, chosen) -> bool:
    moved = np.mod(np.mod(where[chosen] + step, 1.0), 1.0)
    _, nearest = tree.query(moved)
    off = moved - where[nearest]
    off = (off - np.round(off)) @ cell
    return bool(np.all(kinds[nearest] == kinds[chosen]) and np.abs(off).max() <= same)


def _sites(where, kinds, times, same, cell) -> np.ndarray | None:
    """Atoms by unit cell and place: the first atom of a place stands in the first cell."""
    found, left = [], np.ones(len(where), dtype=bool)
    while left.any():
        first = int(np.argmax(left))
        apart = (where - where[first]) * times
        cells = np.round(apart)
        off = np.abs(((apart - cells) / times) @ cell).max(axis=1)
        alike = left & (off <= 2 * same) & (kinds == kinds[first])
        place = np.full(times, -1)
        place[tuple(np.mod(cells[alike].astype(int), times).T)] = np.flatnonzero(alike)
        if np.sum(alike) != place.size or place.min() < 0:
            return None
        found.append(place)
        left &= ~alike
    return np.stack(found, axis=-1)
