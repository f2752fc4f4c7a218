"""Which voxel of a grid each atom of kept positions is in, and counts of labels per voxel."""

from __future__ import annotations

import numpy as np

from dbar.targets.pair_distribution import configuration, periodicity

__all__ = ["atom_voxels", "voxel_counts"]


def atom_voxels(snapshots, grid, periodic=None):
    """Voxel of each atom, numbered as ``compute chunk/atom bin/3d ... units reduced`` does.

    The box is cut into equal parts along each cell vector. LAMMPS counts the last axis fastest:
    voxel k is ``numpy.unravel_index(k, grid)`` and its chunk ID is k + 1. Kept positions are
    averages over a window; LAMMPS sorts by those of the step, so an atom at a border may be in
    the voxel beside.

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    grid : three int
        Voxels along each cell vector.
    periodic : 3 bool, optional
        Periodic directions, instead of those of the run.

    Returns
    -------
    list of ndarray of int
        For each snapshot the voxel of each atom, from 0; -1 for an atom outside of a box that does
        not go on there.

    Raises
    ------
    ValueError
        For a grid that is no three whole numbers above 0, or positions that are not finite.
    """
    grid = checked_grid(grid)
    return [_voxels(snapshots, k, grid, periodic) for k in range(len(snapshots))]


def _voxels(snapshots, index, grid, periodic):
    x, _, cell, origin = configuration(snapshots, index)
    inside = np.linalg.solve(cell.T, (x - origin).T).T
    going_on = np.asarray(periodicity(snapshots, index, periodic), dtype=bool)
    inside = np.where(going_on, inside - np.floor(inside), inside)
    place = np.floor(inside * grid).astype(int)
    place = np.where(going_on, np.minimum(place, grid - 1), place)  # 1 - 1e-17 is 1
    out = ((place < 0) | (place >= grid)).any(axis=1)
    return np.where(out, -1, np.ravel_multi_index(np.where(out[:, None], 0, place).T, grid))


def voxel_counts(labels, voxels, grid, kind):
    """Number of atoms of a kind in each voxel.

    Parameters
    ----------
    labels : list of ndarray of str
        Kind of each atom, such as `atom_structures` finds it, for each snapshot.
    voxels : list of ndarray of int
        Of `atom_voxels`.
    grid : three int
    kind : str

    Returns
    -------
    ndarray, shape (S, n)

    Raises
    ------
    ValueError
        If labels and voxels are not of the same atoms.
    """
    size = int(np.prod(checked_grid(grid)))
    if len(labels) != len(voxels):
        raise ValueError(f"labels of {len(labels)} snapshots, voxels of {len(voxels)}")
    out = np.zeros((len(labels), size), dtype=int)
    for k, (names, places) in enumerate(zip(labels, voxels, strict=True)):
        if len(names) != len(places):
            raise ValueError(
                f"snapshot {k} has {len(names)} labels, expected {len(places)}, one of each atom"
            )
        chosen = places[(np.asarray(names) == kind) & (places >= 0)]
        out[k] = np.bincount(chosen, minlength=size)
    return out


def checked_grid(grid):
    """Voxels along each axis as an array (3,) of int."""
    found = np.asarray(grid)
    if found.shape != (3,) or found.dtype.kind not in "iu" or not (found > 0).all():
        raise ValueError(f"grid is {grid!r}, expected three whole numbers above 0")
    return found.astype(int)
