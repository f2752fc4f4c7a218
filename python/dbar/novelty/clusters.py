"""From scores of single atoms to the regions that they form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Region", "find_regions"]


@dataclass
class Region:
    """Novel atoms that lie together.

    Attributes
    ----------
    atoms : ndarray of int
        Indices, ascending.
    total : float
        Sum of M over them.
    centre : ndarray, shape (3,)
        Middle of the region along each cell vector, as a position inside the box.
    extent : ndarray, shape (3,)
        Its length along each cell vector (length unit), that of the cell at most if periodic.
    spans : ndarray of bool, shape (3,)
        Whether it goes through the periodic boundary and all around.
    """

    atoms: np.ndarray
    total: float
    centre: np.ndarray
    extent: np.ndarray
    spans: np.ndarray

    def __len__(self) -> int:
        return len(self.atoms)

    def sentence(self, unit: str = "") -> str:
        """Describe the region in words; `unit` is that of lengths."""
        unit = f" {unit}" if unit else ""
        middle = ", ".join(f"{x:.3g}" for x in self.centre)
        size = " x ".join(f"{x:.3g}" for x in self.extent)
        word = "atom" if len(self) == 1 else "atoms"
        text = f"{len(self)} novel {word} around ({middle}){unit}, {size}{unit} across"
        through = [name for name, all_around in zip("abc", self.spans, strict=True) if all_around]
        return text + (f", through the whole box along {' and '.join(through)}" if through else "")


def find_regions(atoms, score, limit, reach) -> list[Region]:
    """Clusters of the atoms whose score exceeds the limit.

    Parameters
    ----------
    atoms : ase.Atoms
    score, limit : ndarray, shape (n,)
    reach : float
        Distance within which two such atoms belong together.

    Returns
    -------
    list of Region
        By falling sum of scores.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from dbar.descriptors.neighbours import _pairs

    novel = np.flatnonzero(score > limit)
    if not len(novel):
        return []
    part = atoms[novel]
    i, j, _ = _pairs(part, float(reach), 1)
    graph = coo_array((np.ones(len(i), dtype=bool), (i, j)), shape=(len(novel),) * 2)
    count, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    members = np.split(novel[order], np.cumsum(np.bincount(label, minlength=count))[:-1])
    found = [_region(atoms, score, one, reach) for one in members]
    return sorted(found, key=lambda region: -region.total)


def _region(atoms, score, members, reach):
    cell, periodic = atoms.cell.complete(), atoms.pbc
    inside = cell.scaled_positions(atoms.positions[members])
    length = cell.lengths()
    centre, extent, spans = np.empty(3), np.empty(3), np.zeros(3, dtype=bool)
    for axis in range(3):
        u = np.sort(inside[:, axis] % 1.0 if periodic[axis] else inside[:, axis])
        begin, width = u[0], u[-1] - u[0]
        if periodic[axis]:
            # of all gaps around the box the largest is outside of the region
            gaps = np.diff(u, append=u[0] + 1.0)
            widest = int(gaps.argmax())
            begin, width = u[(widest + 1) % len(u)], 1.0 - gaps[widest]
            spans[axis] = gaps[widest] * length[axis] < reach
        centre[axis], extent[axis] = begin + 0.5 * width, width * length[axis]
        if periodic[axis]:
            centre[axis] %= 1.0
    return Region(members, float(score[members].sum()), centre @ cell[:], extent, spans)
