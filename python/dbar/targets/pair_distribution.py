"""Radial distribution functions of kept positions."""

from __future__ import annotations

import numpy as np

__all__ = ["configuration", "rdf"]


def configuration(snapshots, index):
    """Positions (n, 3), species (n,), cell (3, 3; vectors as rows) and origin of one snapshot."""
    present = snapshots.id[index] > 0
    x = np.asarray(snapshots.position[index], dtype=float)[present]
    bad = np.flatnonzero(~np.isfinite(x).all(axis=1))
    if len(bad):
        raise ValueError(
            f"position of atom {snapshots.id[index][present][bad[0]]} is {x[bad[0]]} at step "
            f"{snapshots.step[index]}, expected numbers"
        )
    return x, snapshots.species[index][present], snapshots.edges[index], snapshots.origin[index]


def rdf(snapshots, r_max, n_bins=100, periodic=(True, True, True), volume=None):
    """Radial distribution function of each snapshot.

    g_b = 2 pairs_b / (N rho shell_b), with pairs counted once, rho = N / volume and shell_b the
    volume of the spherical shell of bin b: 1 on average in an ideal gas.

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    r_max : float
        Largest distance, LAMMPS length units. It may exceed half the box: images count.
    n_bins : int
        Equal bins from 0 to `r_max`; a distance on an edge belongs to the upper bin.
    periodic : 3 bool
        Periodic directions.
    volume : float, optional
        Volume for rho, instead of that of the box; a particle in vacuum needs one.

    Returns
    -------
    r : ndarray, shape (n_bins,)
        Centres of the bins.
    g : ndarray, shape (S, n_bins)

    Raises
    ------
    ValueError
        If `r_max` or `n_bins` is not positive, positions are not finite or fewer than two.
    """
    from vesin import NeighborList

    if not r_max > 0 or n_bins < 1:
        raise ValueError(f"r_max is {r_max} and n_bins {n_bins}, expected both positive")
    edges = np.linspace(0.0, r_max, n_bins + 1)
    shell = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    neighbours = NeighborList(cutoff=float(r_max), full_list=False)
    g = np.empty((len(snapshots), n_bins))
    for k in range(len(snapshots)):
        x, _, cell, origin = configuration(snapshots, k)
        if len(x) < 2:
            raise ValueError(f"{len(x)} atoms at step {snapshots.step[k]}, at least 2 are needed")
        (d,) = neighbours.compute(x - origin, np.ascontiguousarray(cell), list(periodic), "d")
        space = abs(np.linalg.det(cell)) if volume is None else float(volume)
        pairs = np.bincount(np.searchsorted(edges, d, side="right") - 1, minlength=n_bins)[:n_bins]
        g[k] = 2.0 * pairs * space / (len(x) ** 2 * shell)
    return 0.5 * (edges[1:] + edges[:-1]), g
