"""Sites for a network to learn from: those of a crystal at temperature, shaken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase.neighborlist import neighbor_list

from dbar.gpp.network.stars import Stars

__all__ = ["shaken_sites"]

_FAR = 6.0  # deviations of a shaken distance


def shaken_sites(
    crystal, variances: Sequence[float], species: Sequence[str], cutoff: float, number: int,
    position_noise: float, entropy_noise: float, rng: np.random.Generator,
) -> Stars:  # fmt: skip
    """Sites of a crystal whose mean positions and variances are shaken.

    Parameters
    ----------
    crystal : ase.Atoms
        Periodic cell at rest.
    variances : sequence of float
        Of each atom of the cell (Å^2).
    species : sequence of str
        Chemical symbols in the order in which the network counts them.
    cutoff : float
        Up to which mean distance an atom is a neighbour (Å).
    number : int
        Of sites; their central atoms are drawn from those of the cell.
    position_noise : float
        Standard deviation of a component of a mean position (Å).
    entropy_noise : float
        Standard deviation of the positional entropy (ln s)/2 of an atom.
    rng : numpy.random.Generator

    Returns
    -------
    Stars
    """
    kind = np.array([list(species).index(symbol) for symbol in crystal.get_chemical_symbols()])
    variances = np.asarray(variances, dtype=float)
    reach = cutoff + _FAR * np.sqrt(2.0) * position_noise
    here, there, vectors = neighbor_list("ijD", crystal, reach)
    centre = rng.integers(len(crystal), size=number)
    parts = []
    for k in range(len(crystal)):
        count, mine = int(np.sum(centre == k)), here == k
        shifts = rng.normal(scale=position_noise, size=(count, 1 + np.sum(mine), 3))
        moved = vectors[mine] + shifts[:, 1:] - shifts[:, :1]
        near = np.linalg.norm(moved, axis=2) < cutoff
        factor = np.exp(2.0 * rng.normal(scale=entropy_noise, size=shifts.shape[:2]))
        around = np.broadcast_to(variances[there[mine]], near.shape) * factor[:, 1:]
        parts.append(
            Stars(
                np.full(count, kind[k]), variances[k] * factor[:, 0],
                np.concatenate([[0], np.cumsum(near.sum(axis=1))]), moved[near],
                np.broadcast_to(kind[there[mine]], near.shape)[near], around[near],
            )
        )  # fmt: skip
    order = np.argsort(np.argsort(centre, kind="stable"), kind="stable")
    return Stars.joined(parts).part(order)
