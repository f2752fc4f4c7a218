"""Each atom with the neighbours that count for its energy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dbar import _kernels
from dbar.descriptors.neighbours import Neighbourhoods, neighbourhoods

__all__ = ["Choice", "Clusters", "Neighbours", "check_choice"]

_TIE = 1e-6  # distances that agree to this share belong to one shell
_SIGMAS = 6.0


Choice = int | float | None


def check_choice(neighbours: Choice) -> None:
    """Refuse what is neither a number of neighbours, nor a probability, nor None.

    Raises
    ------
    ValueError
    """
    if neighbours is None:
        return
    whole = isinstance(neighbours, (int, np.integer)) and not isinstance(neighbours, bool)
    if whole and neighbours > 0:
        return
    if isinstance(neighbours, (float, np.floating)) and 0 < neighbours < 1:
        return
    raise ValueError(
        f"neighbours: found {neighbours!r}, expected a number of neighbours (18), a probability "
        "between 0 and 1, or None for all within the cutoff by their mean distance"
    )


@dataclass(frozen=True)
class Clusters:
    """Sites with one number of neighbours.

    Attributes
    ----------
    centres : ndarray of int, shape (sites,)
        Their atoms.
    neighbours : ndarray of int, shape (sites, m)
        Atoms around each.
    vectors : ndarray, shape (sites, m, 3)
        From the mean position of the centre to those of its neighbours (Å).
    """

    centres: np.ndarray
    neighbours: np.ndarray
    vectors: np.ndarray


class Neighbours:
    """Finds the clusters of a configuration.

    Parameters
    ----------
    atoms : ase.Atoms
    cutoff : float
        Of the potential (Å).
    choice : int, float or None
        The nearest ones, so many; those that come within the cutoff with more than this
        probability; or None: those whose mean distance is below the cutoff.
    smax : float
        Largest variance (Å^2).
    """

    def __init__(self, atoms, cutoff: float, choice: Choice, smax: float) -> None:
        self.cutoff = cutoff
        self.choice = choice
        if choice is None:
            self._fixed = _groups(_around(atoms, cutoff), None)
        elif isinstance(choice, (int, np.integer)):
            self._fixed = _nearest(atoms, cutoff, int(choice))
        else:
            self._fixed = None
            self._all = _around(atoms, cutoff + _SIGMAS * math.sqrt(2.0 * smax))

    def clusters(self, variances: np.ndarray) -> list[Clusters]:
        """The clusters of atoms with these variances (n,), in Å^2."""
        if self._fixed is not None:
            return self._fixed
        found = self._all
        centre = np.repeat(np.arange(len(found.type)), np.diff(found.first))
        distance = np.linalg.norm(found.r, axis=1)
        spread = variances[centre] + variances[found.neighbour]
        chance = _kernels.chance_within(self.cutoff, distance, spread)
        return _groups(found, chance > self.choice)


def _around(atoms, cutoff: float) -> Neighbourhoods:
    return neighbourhoods(atoms, np.zeros(len(atoms), dtype=np.intc), cutoff, False, 1)


def _groups(found: Neighbourhoods, keep: np.ndarray | None) -> list[Clusters]:
    """Sites by their number of neighbours; of the pairs only those to keep."""
    sites = np.repeat(np.arange(len(found.type)), np.diff(found.first))
    neighbour, vectors = found.neighbour, found.r
    if keep is not None:
        sites, neighbour, vectors = sites[keep], neighbour[keep], vectors[keep]
    counts = np.bincount(sites, minlength=len(found.type))
    first = np.concatenate([[0], np.cumsum(counts)])
    groups = []
    for m in np.unique(counts):
        centres = np.flatnonzero(counts == m)
        rows = first[centres][:, None] + np.arange(m)[None, :]
        groups.append(Clusters(centres, neighbour[rows], vectors[rows]))
    return groups


def _nearest(atoms, cutoff: float, number: int) -> list[Clusters]:
    """The nearest neighbours of each atom, in whole shells."""
    reach, found = 1.2 * cutoff, None
    for _ in range(20):
        found = _around(atoms, reach)
        counts = np.diff(found.first)
        if len(counts) and np.min(counts) > number:
            break
        if not np.any(atoms.get_pbc()) and reach > np.ptp(atoms.get_positions(), axis=0).sum():
            break
        reach *= 1.3
    centres, neighbours, vectors = [], [], []
    for k in range(len(found.type)):
        r = found.r[found.first[k] : found.first[k + 1]]
        distance = np.linalg.norm(r, axis=1)
        order = np.argsort(distance, kind="stable")
        if len(order) < number:
            raise ValueError(
                f"neighbours: found {len(order)} around atom {k}, expected {number} or more"
            )
        if (
            len(order) > number
            and distance[order[number]] < (1 + _TIE) * distance[order[number - 1]]
        ):
            raise ValueError(
                f"neighbours: found {number}, which parts a shell of atom {k} at "
                f"{distance[order[number]]:.4f} Å, expected whole shells{_shells(distance)}"
            )
        chosen = order[:number]
        centres.append(k)
        neighbours.append(found.neighbour[found.first[k] + chosen])
        vectors.append(r[chosen])
    return [Clusters(np.array(centres), np.array(neighbours), np.array(vectors))]


def _shells(distance: np.ndarray) -> str:
    """Numbers of neighbours that fill shells, in words."""
    inside = np.sort(distance)
    ends = np.flatnonzero(inside[1:] > (1 + _TIE) * inside[:-1]) + 1
    return f" ({', '.join(str(end) for end in ends[:6])})" if len(ends) else ""
