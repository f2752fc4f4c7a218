"""Which atoms of a cell with defects are those of the perfect crystal in the same cell."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.geometry import complete_cell

__all__ = ["matched_sites"]

_SAME = 1e-6  # of a cell vector
_REACH = 0.5  # of the edge of the cube that an atom fills: about half the distance of neighbours
_MOST = 0.5  # share of the smaller cell's atoms that have to be found


def matched_sites(defect, bulk) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of an atom of the defect cell and a site of the bulk, each the other's nearest.

    Parameters
    ----------
    defect, bulk : ase.Atoms
        In the same cell, with the same periodic directions.

    Returns
    -------
    ndarray of int, shape (m,)
        Atoms of the defect cell.
    ndarray of int, shape (m,)
        Their sites.

    Raises
    ------
    ValueError
        Of another cell, or if less than half of the atoms have a site.
    """
    from ase.neighborlist import neighbor_list  # brings scipy.spatial, for which runs would wait

    _check_cell(defect, bulk)
    cell = complete_cell(bulk.cell)
    n = len(bulk)
    both = Atoms(
        np.zeros(n + len(defect), dtype=int), np.concatenate([bulk.positions, defect.positions]),
        cell=cell, pbc=bulk.pbc,
    )  # fmt: skip
    reach = _REACH * _edge(bulk, cell)
    one, other, length = neighbor_list("ijd", both, reach)
    across = (one < n) & (other >= n)
    site, atom, length = one[across], other[across] - n, length[across]
    nearest_site = _nearest(atom, site, length, len(defect))
    nearest_atom = _nearest(site, atom, length, n)
    atoms = np.flatnonzero(nearest_site >= 0)
    atoms = atoms[nearest_atom[nearest_site[atoms]] == atoms]
    if len(atoms) < _MOST * min(n, len(defect)):
        raise ValueError(
            f"bulk: found {len(atoms)} of {len(defect)} atoms of the defect within {reach:.3g} of "
            f"its {n} sites, expected most of them: is it the same crystal, at the same place?"
        )
    return atoms, nearest_site[atoms]


def _check_cell(defect, bulk) -> None:
    mine, theirs = np.asarray(defect.cell)[defect.pbc], np.asarray(bulk.cell)[bulk.pbc]
    if np.abs(mine - theirs).max() > _SAME * np.abs(mine).max():
        raise ValueError(
            f"bulk: found the cell {theirs.tolist()}, expected that of the defect, {mine.tolist()}"
        )


def _edge(bulk, cell) -> float:
    """Edge of the cube that an atom fills; of a slab or wire the distance of neighbours."""
    from scipy.spatial import cKDTree

    open_ones = ~np.asarray(bulk.pbc)
    if not open_ones.any():
        return float((abs(np.linalg.det(cell)) / len(bulk)) ** (1 / 3))
    near = cKDTree(bulk.positions).query(bulk.positions, k=2)[0][:, 1]
    return float(np.median(near))


def _nearest(of, which, length, n) -> np.ndarray:
    """For each of n the nearest of those that it is paired with, -1 where there is none."""
    order = np.argsort(-length, kind="stable")  # the nearest is written last
    found = np.full(n, -1)
    found[of[order]] = which[order]
    return found
