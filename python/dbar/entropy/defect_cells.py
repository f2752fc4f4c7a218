"""Cells of bcc crystals with clusters of vacancies or interstitials, before they are relaxed."""

from __future__ import annotations

import re

import numpy as np
from ase.geometry import find_mic

__all__ = ["cluster_of", "inertia", "perfect_cell", "shaken", "with_cluster"]

_LABEL = re.compile(r"([IV])([1-9]\d*)")
_DUMBBELL = 0.35  # of the lattice constant, from its middle to an atom
_CLOSEST = 0.5  # of the lattice constant: two atoms that are never nearer
_SMALLEST, _LARGEST = 1.2, 2.6  # lattice constants, radius of the ball of those that are displaced
_SHARE = 0.06  # of all atoms, most that are displaced
_NEAR, _FAR = 0.8, 2.5  # lattice constants that they are displaced by
_DRAWS = 50


def cluster_of(label: str) -> tuple[str, int]:
    """Kind, "I" or "V", and size of a cluster.

    Raises
    ------
    ValueError
        Of another label.
    """
    match = _LABEL.fullmatch(str(label))
    if not match:
        raise ValueError(
            f"clusters: found {label!r}, expected I or V (interstitials, vacancies) with how many, "
            "as I3 or V4"
        )
    return match[1], int(match[2])


def perfect_cell(symbol: str, lattice: float, sites: int):
    """Cube of a bcc crystal with so many sites, twice a cube."""
    from ase.build import bulk

    edge = round((sites / 2) ** (1 / 3))
    return bulk(symbol, "bcc", a=lattice, cubic=True) * (edge, edge, edge)


def with_cluster(perfect, lattice: float, label: str, radius: float, rng):
    """A cluster on sites near each other, None if atoms would lie too close.

    Interstitials are dumbbells along random directions in place of the atoms of random sites.

    Parameters
    ----------
    perfect : ase.Atoms
    lattice : float
        Lattice constant (Å).
    label : str
        As I3 or V4.
    radius : float
        Of the ball around a random site from which all others come (lattice constants).
    rng : numpy.random.Generator
    """
    kind, n = cluster_of(label)
    middle = int(rng.integers(len(perfect)))
    away = np.linalg.norm(_between(perfect, perfect.positions, perfect.positions[middle]), axis=1)
    near = np.flatnonzero((away < radius * lattice) & (away > 0))
    if len(near) < n - 1:
        return None
    chosen = np.array([middle, *rng.choice(near, n - 1, replace=False)])
    atoms = perfect.copy()
    if kind == "V":
        del atoms[chosen]
        return atoms
    ways = rng.normal(size=(n, 3))
    ways *= _DUMBBELL * lattice / np.linalg.norm(ways, axis=1)[:, None]
    more = atoms[chosen]
    atoms.positions[chosen] += ways
    more.positions -= ways
    atoms += more
    atoms.wrap()
    return None if len(_close(atoms, _CLOSEST * lattice)) else atoms


def shaken(atoms, lattice: float, tries: int, rng):
    """Some atoms near each other displaced far, some more of them after each try in vain.

    Parameters
    ----------
    atoms : ase.Atoms
    lattice : float
        Lattice constant (Å).
    tries : int
    rng : numpy.random.Generator

    Returns
    -------
    ase.Atoms
        Atoms that would come too close to others are where they were.
    """
    middle = atoms.positions[int(rng.integers(len(atoms)))]
    away = np.linalg.norm(_between(atoms, atoms.positions, middle), axis=1)
    inside = np.flatnonzero(away < rng.uniform(_SMALLEST, _LARGEST) * lattice)
    most = max(2, int(_SHARE * len(atoms)))
    n = min(1 + int(rng.integers(most)) + tries // 3, len(inside))
    moved = atoms.copy()
    for atom in rng.choice(inside, n, replace=False):
        for _ in range(_DRAWS):
            way = rng.normal(size=3)
            way *= rng.uniform(_NEAR, _FAR) * lattice / np.linalg.norm(way)
            there = _between(moved, moved.positions, atoms.positions[atom] + way)
            apart = np.linalg.norm(there, axis=1)
            apart[atom] = np.inf
            if apart.min() >= _CLOSEST * lattice:
                moved.positions[atom] = atoms.positions[atom] + way
                break
    moved.wrap()
    return moved


def inertia(atoms, chosen: np.ndarray) -> float:
    """Sum of the squares of the three principal moments of some atoms, each of mass 1 (Å^4)."""
    if not len(chosen):
        return 0.0
    where = _between(atoms, atoms.positions[chosen], atoms.positions[chosen[0]])
    where -= where.mean(axis=0)
    squares = where.T @ where
    tensor = np.trace(squares) * np.eye(3) - squares
    return float(np.sum(tensor**2))  # that of its eigenvalues


def _between(atoms, positions, middle):
    return find_mic(positions - middle, atoms.cell, atoms.pbc)[0]


def _close(atoms, limit: float) -> np.ndarray:
    """Pairs of atoms nearer than a limit (m, 2); the cell is a cube."""
    from scipy.spatial import cKDTree

    edge = atoms.cell[0, 0]
    return cKDTree(np.mod(atoms.positions, edge) % edge, boxsize=edge).query_pairs(
        limit, output_type="ndarray"
    )
