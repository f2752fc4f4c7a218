"""What an average of the potential energy over Gaussian atoms has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["Average", "Averages", "Placed", "checked_variances"]


@dataclass(frozen=True)
class Averages:
    """The average of the potential energy, and its derivatives.

    Attributes
    ----------
    energies : ndarray, shape (n,)
        Of the sites (eV); their sum is the averaged energy.
    forces : ndarray, shape (n, 3)
        Less its derivatives by the mean positions (eV/Å).
    strain : ndarray, shape (3, 3)
        Its derivatives by a strain of positions and cell at fixed variances (eV).
    slopes : ndarray, shape (n,)
        Its derivatives by the variances (eV/Å^2).
    error : float
        Standard error of the energy (eV); 0 where nothing is drawn.
    """

    energies: np.ndarray
    forces: np.ndarray
    strain: np.ndarray
    slopes: np.ndarray
    error: float = 0.0

    @classmethod
    def of_sites(
        cls, energies, by_vector, by_own, by_theirs, sites, neighbour, vectors, error=0.0
    ) -> Averages:
        """Add up site energies and their derivatives.

        Parameters
        ----------
        energies, by_own : ndarray, shape (n,)
            Of the sites, and their derivatives by the variances of their central atoms.
        by_vector, by_theirs : ndarray, shape (p, 3) and (p,)
            By the vector to each neighbour, and by its variance.
        sites, neighbour : ndarray of int, shape (p,)
            Central atom and neighbour of each pair.
        vectors : ndarray, shape (p, 3)
            Between their mean positions (Å).
        error : float
        """
        n, forces = len(energies), np.empty((len(energies), 3))
        for axis in range(3):
            forces[:, axis] = np.bincount(sites, by_vector[:, axis], n)
            forces[:, axis] -= np.bincount(neighbour, by_vector[:, axis], n)
        slopes = by_own + np.bincount(neighbour, by_theirs, n)
        return cls(energies, forces, vectors.T @ by_vector, slopes, error)

    @property
    def energy(self) -> float:
        """Sum of the energies (eV)."""
        return float(np.sum(self.energies))


class Placed(Protocol):
    """An average with the mean positions given."""

    def evaluate(self, variances: np.ndarray) -> Averages:
        """Energy and derivatives with variances (n,) per Cartesian component (Å^2)."""


class Average(Protocol):
    """A way to average the energy of a potential.

    Attributes
    ----------
    smax : float
        Largest variance that it takes (Å^2).
    """

    smax: float

    def at(self, atoms) -> Placed:
        """The average with the atoms' mean positions."""


def checked_variances(variances, count: int, smax: float) -> np.ndarray:
    """Variances (n,) as they were given, or one for all.

    Raises
    ------
    ValueError
        Another number of them, or one that is not above 0 or is above `smax`.
    """
    found = np.asarray(variances, dtype=float)
    if found.shape not in ((), (count,)):
        raise ValueError(f"variances: found shape {found.shape}, expected ({count},)")
    found = np.broadcast_to(found, (count,))
    bad = np.flatnonzero(~((found > 0) & (found <= smax)))
    if len(bad):
        raise ValueError(
            f"variance of atom {bad[0]}: found {found[bad[0]]:.6g} Å^2, expected more than 0 and "
            f"at most smax, {smax:g}"
        )
    return found.copy()
