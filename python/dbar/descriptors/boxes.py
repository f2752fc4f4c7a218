"""Boxes that repeat: the cell of a crystal, or one that is wide enough around a cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.descriptors.neighbours import completed_cell


@dataclass(frozen=True)
class Box:
    """A box in which all directions repeat, with the atoms in it."""

    vectors: np.ndarray  # (3, 3), one vector a row
    fractions: np.ndarray  # (n, 3) positions in units of the vectors

    @property
    def volume(self) -> float:
        """Its volume."""
        return float(abs(np.linalg.det(self.vectors)))

    @property
    def lengths(self) -> np.ndarray:
        """Lengths of the three vectors."""
        return np.linalg.norm(self.vectors, axis=1)

    @property
    def waves(self) -> np.ndarray:
        """Wave vectors (3, 3) with one period along one vector of the box, one a row."""
        return 2.0 * np.pi * np.linalg.inv(self.vectors).T


def repeated_vectors(cell, periodic) -> tuple[np.ndarray, np.ndarray]:
    """Return the shortest vectors of the periodic directions, and unit vectors across them.

    Shapes (p, 3) and (3 - p, 3). The same crystal has the same short vectors, however skewed the
    cell is in which it is described, up to their signs and order.

    Raises
    ------
    ValueError
        A periodic direction without a cell vector, vectors in one plane or not finite.
    """
    from ase.geometry import minkowski_reduce

    periodic = np.asarray(periodic, dtype=bool)
    vectors = completed_cell(cell, periodic)
    vectors = minkowski_reduce(vectors, periodic)[0][periodic]
    across = np.eye(3)
    if len(vectors):
        across = np.linalg.svd(vectors)[2][len(vectors) :]
    return vectors, across


def box_around(points: np.ndarray, vectors: np.ndarray, across: np.ndarray, margin: float) -> Box:
    """Return the box that leaves `margin` on each side of the atoms along each open direction."""
    shadows = points @ across.T  # (n, 3 - p)
    low, high = shadows.min(axis=0), shadows.max(axis=0)
    edges = (high - low + 2.0 * margin)[:, None] * across
    box = np.concatenate([vectors, edges])
    origin = (0.5 * (low + high)) @ across
    return Box(box, (points - origin) @ np.linalg.inv(box))
