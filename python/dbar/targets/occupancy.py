"""Vacancies of kept positions: sites of a perfect crystal without an atom."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.neighbours import completed_cell
from dbar.targets.pair_distribution import configuration, periodicity

__all__ = ["vacancies"]

_ROUNDS = 20  # of fitting the crystal to the atoms
_STILL = 1e-3  # length units: a fit that moves by less has ended


def vacancies(snapshots, sites, periodic=None):
    """Empty and crowded sites of a perfect crystal that is strained with the box.

    Each atom belongs to the site nearest to it (Wigner-Seitz cells). The crystal is moved as a
    whole until half of the atoms lie on either side of their sites in each direction, so that a
    drift of all atoms is no defect. Slip moves a part of the atoms only: once crystals have slipped
    past each other by a part of a lattice vector, some of the empty sites are none that could
    diffuse.

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    sites : array_like, shape (M, 3)
        Sites of the perfect crystal as fractions of the box.
    periodic : 3 bool, optional
        Periodic directions, instead of those of the run.

    Returns
    -------
    dict of ndarray (S,)
        ``vacancies``, sites without an atom, and ``interstitials``, atoms beyond the first of each
        site. The difference is the number of sites less that of atoms.

    Raises
    ------
    ValueError
        For sites of another shape or outside of [0, 1), or positions that are not finite.
    """
    sites = _checked(sites)
    empty, crowded = (np.zeros(len(snapshots), dtype=int) for _ in range(2))
    for k in range(len(snapshots)):
        x, _, cell, origin = configuration(snapshots, k)
        repeats = periodicity(snapshots, k, periodic)
        site = _nearest(x - origin, sites, completed_cell(cell, repeats), repeats)
        taken = len(np.unique(site))
        empty[k], crowded[k] = len(sites) - taken, len(x) - taken
    return {"vacancies": empty, "interstitials": crowded}


def _checked(sites):
    sites = np.asarray(sites, dtype=float)
    if sites.ndim != 2 or sites.shape[1] != 3 or not len(sites):
        raise ValueError(f"sites: found shape {sites.shape}, expected (number of sites, 3)")
    bad = np.argwhere(~((sites >= 0.0) & (sites < 1.0)))
    if len(bad):
        site, axis = bad[0]
        raise ValueError(
            f"sites: found {sites[site, axis]:g} in site {site}, expected fractions of the box, at "
            "least 0 and below 1"
        )
    return sites


def _nearest(x, sites, cell, periodic):
    """Number of the site nearest to each atom, after the drift of all atoms is taken off."""
    from scipy.spatial import cKDTree

    images = [(-1.0, 0.0, 1.0) if one else (0.0,) for one in periodic]
    shifts = np.stack(np.meshgrid(*images, indexing="ij"), axis=-1).reshape(-1, 3)
    places = (sites[None] + shifts[:, None]).reshape(-1, 3) @ cell
    tree, back, drift = cKDTree(places), np.linalg.inv(cell), np.zeros(3)
    for _ in range(_ROUNDS):
        inside = (x - drift) @ back
        inside = (inside - np.floor(inside) * np.array(periodic)) @ cell
        nearest = tree.query(inside)[1]
        move = np.median(inside - places[nearest], axis=0)
        if np.abs(move).max() < _STILL:
            break
        drift += move
    return nearest % len(sites)
