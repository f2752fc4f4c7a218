"""What the entropy of a configuration depends on beside the sums of its descriptors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.potential.modes import count_zero_modes

__all__ = ["Contents"]


@dataclass(frozen=True)
class Contents:
    """The atoms of a configuration without their places: how many of which species in what cell.

    Attributes
    ----------
    formula : dict of str to int
        Atoms of each species that is there, by the alphabet.
    cell : ndarray, shape (3, 3)
        Cell vectors as rows.
    pbc : ndarray of bool, shape (3,)
    n_zero : int
        Motions of the whole that cost no energy.
    """

    formula: dict[str, int]
    cell: np.ndarray
    pbc: np.ndarray
    n_zero: int

    @classmethod
    def of(cls, atoms) -> Contents:
        """Those of an ``ase.Atoms``."""
        symbols, counts = np.unique(atoms.get_chemical_symbols(), return_counts=True)
        formula = dict(zip(map(str, symbols), map(int, counts), strict=True))
        spread = np.zeros((3, 3))
        if len(atoms):
            centred = atoms.positions - atoms.positions.mean(axis=0)
            spread = centred.T @ centred
        cell, pbc = atoms.cell.array, np.asarray(atoms.pbc)
        return cls(formula, cell, pbc, count_zero_modes(spread, cell, pbc))

    def __len__(self) -> int:
        return sum(self.formula.values())

    @property
    def volume(self) -> float:
        """Of the cell."""
        return float(np.abs(np.linalg.det(self.cell)))

    @property
    def n_modes(self) -> int:
        """3N less the motions that cost no energy."""
        return 3 * len(self) - self.n_zero
