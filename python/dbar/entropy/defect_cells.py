"""Cells of bcc crystals with clusters of vacancies or interstitials, before they are relaxed."""

from __future__ import annotations

import re

import numpy as np
from ase.build import bulk
from ase.geometry import find_mic
from scipy.spatial import cKDTree

__all__ = ["cluster_of", "inertia", "perfect_cell", "shaken", "with_cluster"]

_LABEL = re.compile(r"([IV])([1-9]\d*)")
_DUMBBELL = 0.35  # of the lattice constant, from its middle to an atom
_CLOSEST = 0.5  # of the lattice constant: two atoms that are never nearer
_SMALLEST, _LARGEST = 1.0, 2.6  # lattice constants, radius of what is shaken
_GENTLE, _RISE = 0.25, 0.05  # lattice constants, of displacements: at first, and more each time
_CHANCE = 0.4  # lattice constants, and so much more at random


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
    """Atoms within a random ball displaced at random, farther after each try that was in vain."""
    moved = atoms.copy()
    middle = atoms.positions[int(rng.integers(len(atoms)))]
    radius = rng.uniform(_SMALLEST, _LARGEST) * lattice
    inside = np.linalg.norm(_between(atoms, atoms.positions, middle), axis=1) < radius
    steps = rng.normal(size=(len(atoms), 3))
    most = (_GENTLE + _RISE * tries + _CHANCE * rng.random()) * lattice
    length = most * rng.random(len(atoms)) ** (1 / 3)
    steps *= (length / np.linalg.norm(steps, axis=1) * inside)[:, None]
    for _ in range(20):
        moved.positions = atoms.positions + steps
        moved.wrap()
        close = np.unique(_close(moved, _CLOSEST * lattice))
        if not len(close):
            break
        steps[close] *= 0.5
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
    edge = atoms.cell[0, 0]
    return cKDTree(np.mod(atoms.positions, edge) % edge, boxsize=edge).query_pairs(
        limit, output_type="ndarray"
    )
