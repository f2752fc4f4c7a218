"""Neighbourhoods of the atoms of one configuration, as the kernels read them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

# Sums run over chunks of this many centres and then over the chunks in order, so that a result
# does not depend on the number of threads.
_CHUNK = 1024


@dataclass
class Neighbourhoods:
    """Pairs of one configuration, sorted by centre; centres sorted by block."""

    order: np.ndarray  # (n,) index of the atom at each place
    type: np.ndarray  # (n,) species of the centres
    first: np.ndarray  # (n + 1,)
    r: np.ndarray  # (pairs, 3) r_j - r_i
    rtype: np.ndarray  # (pairs,)
    neighbour: np.ndarray  # (pairs,) index of the atom behind each r

    def chunk(self, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Return type, first, r, rtype of the centres at places start to stop."""
        lo, hi = self.first[start], self.first[stop]
        first = self.first[start : stop + 1] - lo
        return self.type[start:stop], first, self.r[lo:hi], self.rtype[lo:hi]

    def tasks(self, blocks: int) -> list[tuple[int, int, int]]:
        """Return block, first place and end of each chunk; a block is a species, or all."""
        bounds = [0, len(self.order)]
        if blocks > 1:  # the centres are sorted by species
            bounds = np.searchsorted(self.type, np.arange(blocks + 1))
        return [
            (block, start, min(start + _CHUNK, stop))
            for block, (begin, stop) in enumerate(itertools.pairwise(bounds))
            for start in range(begin, stop, _CHUNK)
        ]


def site_neighbourhoods(types, first, vectors, neighbour_types, by_type: bool):
    """Sites that are given by their neighbours, as the kernels read them.

    Parameters
    ----------
    types, first, vectors, neighbour_types
        See ``site_gradients`` of a descriptor.
    by_type : bool
        Order the centres by species.

    Returns
    -------
    Neighbourhoods
    rows : ndarray of int, shape (p,)
        Where each of its pairs was.
    """
    types = np.asarray(types, dtype=np.intc)
    first = np.asarray(first, dtype=np.intp)
    order = np.argsort(types, kind="stable") if by_type else np.arange(len(types))
    counts = np.diff(first)[order]
    start = np.zeros(len(types) + 1, dtype=np.intc)
    np.cumsum(counts, out=start[1:])
    rows = np.repeat(first[order] - start[:-1], counts) + np.arange(start[-1])
    r = np.ascontiguousarray(np.asarray(vectors, dtype=float)[rows])
    kinds = np.asarray(neighbour_types, dtype=np.intc)[rows]
    return Neighbourhoods(order, types[order], start, r, kinds, np.zeros(len(rows), int)), rows


def neighbourhoods(atoms, types, cutoff: float, by_type: bool, threads: int) -> Neighbourhoods:
    """Find all neighbours within a cutoff.

    Parameters
    ----------
    atoms : ase.Atoms
        Configuration with any periodicity; a cell may be smaller than the cutoff.
    types : ndarray of int, shape (n,)
        Species of the atoms, from 0.
    cutoff : float
        Largest distance, in the length unit of the positions.
    by_type : bool
        Order the centres by species.
    threads : int
        Threads for the neighbour list.

    Returns
    -------
    Neighbourhoods
        All atoms as centres, each pair in both directions.

    Raises
    ------
    ValueError
        A position that is not finite, or a periodic direction without a cell vector.
    """
    i, j, r = _pairs(atoms, cutoff, threads)
    n = len(types)
    order = np.argsort(types, kind="stable") if by_type else np.arange(n)
    place = np.empty(n, dtype=np.intp)
    place[order] = np.arange(n)
    key = place[i]
    sort = np.argsort(key, kind="stable")
    first = np.zeros(n + 1, dtype=np.intc)
    np.cumsum(np.bincount(key, minlength=n), out=first[1:])
    j = j[sort]
    return Neighbourhoods(order, types[order], first, r[sort], types[j], j)


def finite_positions(atoms) -> np.ndarray:
    """Return the positions, shape (n, 3).

    Raises
    ------
    ValueError
        A position that is not finite.
    """
    points = np.ascontiguousarray(atoms.get_positions(), dtype=np.float64)
    if not np.isfinite(points).all():
        bad = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise ValueError(f"atoms: found position {points[bad]} of atom {bad}, expected numbers")
    return points


def completed_cell(cell, periodic) -> np.ndarray:
    """Cell vectors (3, 3), those of open directions made up where they are zero, as ASE has them.

    Raises
    ------
    ValueError
        A periodic direction without a cell vector, vectors in one plane or not finite.
    """
    from ase.cell import Cell

    cell = np.asarray(cell, dtype=np.float64)
    for name, vector, repeats in zip("abc", cell, periodic, strict=True):
        if not np.isfinite(vector).all() or (repeats and not vector.any()):
            raise ValueError(
                f"atoms: found cell vector {name} {vector} with pbc {bool(repeats)}, expected a "
                "vector along each periodic direction"
            )
    given = cell[cell.any(axis=1)]
    if len(given) and np.linalg.matrix_rank(given) < len(given):
        raise ValueError(f"atoms: found cell {cell.tolist()}, expected independent vectors")
    return np.ascontiguousarray(Cell(cell).complete(), dtype=np.float64)


def _pairs(atoms, cutoff: float, threads: int):
    """Return i, j and r_j - r_i of all pairs within the cutoff, each pair in both directions."""
    from vesin import NeighborList

    points = finite_positions(atoms)
    if len(points) == 0:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros((0, 3))
    periodic = np.asarray(atoms.get_pbc(), dtype=bool)
    box = completed_cell(atoms.get_cell(), periodic)
    neighbours = NeighborList(cutoff=cutoff, full_list=True, n_threads=threads)
    i, j, r = neighbours.compute(points, box, periodic, "ijD")
    return i.astype(np.intp), j.astype(np.intp), r
