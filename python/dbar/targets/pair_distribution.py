"""Radial distribution functions of kept positions."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.neighbours import completed_cell
from dbar.targets.open_box import shell_volumes

__all__ = ["configuration", "periodicity", "rdf"]


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


def periodicity(snapshots, index, periodic=None) -> tuple[bool, bool, bool]:
    """Which directions are periodic: those of one snapshot, unless others are given.

    Raises
    ------
    ValueError
        For anything but three of them.
    """
    found = tuple(map(bool, snapshots.periodic[index] if periodic is None else np.ravel(periodic)))
    if len(found) != 3:
        raise ValueError(f"periodic: found {periodic}, expected three, or None for the run's own")
    return found


def rdf(snapshots, r_max, n_bins=100, periodic=None, volume=None):
    """Radial distribution function of each snapshot.

    g_b = 2 pairs_b / (N rho shell_b), with pairs counted once, rho = N / volume and shell_b the
    volume of the spherical shell of bin b: 1 on average in an ideal gas. Where the box is open
    there are no atoms outside: of the shell around an atom that part counts which lies inside
    the box, on average over atoms anywhere in it. So it is 1 at any distance in an ideal gas
    that fills the box; atoms that fill a part of it have g > 1 at small distances.

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    r_max : float
        Largest distance, LAMMPS length units. It may exceed half the box: images count.
    n_bins : int
        Equal bins from 0 to `r_max`; a distance on an edge belongs to the upper bin.
    periodic : 3 bool, optional
        Periodic directions, instead of those of the run.
    volume : float, optional
        Volume for rho, instead of that of the box, with whole shells: that of a particle in
        vacuum. Its g then falls to 0 over the particle's size.

    Returns
    -------
    r : ndarray, shape (n_bins,)
        Centres of the bins.
    g : ndarray, shape (S, n_bins)

    Raises
    ------
    ValueError
        If `r_max`, `n_bins` or `volume` is not positive, positions are not finite or fewer than
        two, a periodic direction has no cell vector, or no two places of an open box are as far
        from each other as `r_max`.
    """
    from vesin import NeighborList

    if not r_max > 0 or n_bins < 1:
        raise ValueError(f"r_max is {r_max} and n_bins {n_bins}, expected both positive")
    if volume is not None and not 0.0 < volume < np.inf:
        raise ValueError(f"volume: found {volume}, expected a positive number")
    edges = np.linspace(0.0, r_max, n_bins + 1)
    neighbours = NeighborList(cutoff=float(r_max), full_list=False)
    g = np.empty((len(snapshots), n_bins))
    shell = before = None
    for k in range(len(snapshots)):
        x, _, cell, origin = configuration(snapshots, k)
        if len(x) < 2:
            raise ValueError(f"{len(x)} atoms at step {snapshots.step[k]}, at least 2 are needed")
        repeats = periodicity(snapshots, k, periodic)
        whole = (True,) * 3 if volume is not None else repeats
        cell = completed_cell(cell, repeats)
        (d,) = neighbours.compute(x - origin, cell, list(repeats), "d")
        space = abs(np.linalg.det(cell)) if volume is None else float(volume)
        if before is None or whole != before[1] or not np.array_equal(cell, before[0]):
            shell, before = shell_volumes(edges, cell, whole), (cell, whole)
        if not shell.all():
            far = edges[np.argmin(shell)]
            raise ValueError(
                f"r_max is {r_max}: the open box at step {snapshots.step[k]} has no places "
                f"farther than {far:g} from each other"
            )
        pairs = np.bincount(np.searchsorted(edges, d, side="right") - 1, minlength=n_bins)[:n_bins]
        g[k] = 2.0 * pairs * space / (len(x) ** 2 * shell)
    return 0.5 * (edges[1:] + edges[:-1]), g
