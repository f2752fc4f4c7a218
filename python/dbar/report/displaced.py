"""Which atoms moved most at a change: positions kept on either side of it, compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.store.units import unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.trajectory import Snapshots, Trajectory

__all__ = ["Displaced", "find_displaced"]

_NAMED = 3  # atoms


@dataclass
class Displaced:
    """Atoms by how far they moved between two kept snapshots, the farthest first.

    Attributes
    ----------
    before, after : int
        Timesteps of the two.
    id : (n,) int array
    distance : (n,) array
        Without the motion of all atoms together and the deformation of the box.
    spacing : float
        Mean distance between neighbours, (volume / atoms)^(1/3).
    unit : str
    """

    before: int
    after: int
    id: np.ndarray
    distance: np.ndarray
    spacing: float
    unit: str

    def sentence(self) -> str:
        """As "12 of 864 atoms moved by more than half a spacing (1.1 nm) ..., most of all 7"."""
        far, half = int((self.distance > 0.5 * self.spacing).sum()), 0.5 * self.spacing
        unit = f" {self.unit}" if self.unit else ""
        named = ", ".join(
            f"{k} ({d:.2g}{unit})"
            for k, d in zip(self.id[:_NAMED], self.distance[:_NAMED], strict=True)
        )
        count = (
            f"{far} of {len(self.id)} atoms moved by more than half a spacing ({half:.2g}{unit})"
        )
        return f"{count} between steps {self.before} and {self.after}, most of all {named}"


def find_displaced(traj: Trajectory, change: Change, end: int | None = None) -> Displaced | None:
    """Compare the last positions kept before a change with the last kept at its alarm or after it.

    Parameters
    ----------
    traj : Trajectory
    change : Change
    end : int, optional
        Snapshot at which something else happens.

    Returns
    -------
    Displaced or None
        None without positions on both sides, or if atoms were lost in between.
    """
    kept = traj.snapshots
    if kept is None:
        return None
    stop = traj.time[end] if end is not None and end < len(traj) else np.inf
    before = np.flatnonzero(kept.time < change.time)
    after = np.flatnonzero((kept.time >= change.time) & (kept.time < stop))
    if not len(before) or not len(after):
        return None
    late = after[kept.step[after] <= traj.step[min(change.until + 1, len(traj) - 1)]]
    a, b = int(before[-1]), int(late[-1] if len(late) else after[0])
    here = kept.id[a] > 0
    if not np.array_equal(kept.id[a], kept.id[b]) or here.sum() < 2:
        return None
    move = _scaled(kept, b, here) - _scaled(kept, a, here)
    move -= np.round(move) * (kept.periodic[a] & kept.periodic[b])
    move = (move - move.mean(axis=0)) @ kept.edges[b]
    distance = np.sqrt(np.square(move).sum(axis=1))
    order = np.argsort(-distance)
    spacing = float(np.cbrt(abs(np.linalg.det(kept.edges[b])) / here.sum()))
    return Displaced(
        int(kept.step[a]), int(kept.step[b]), kept.id[a][here][order], distance[order],
        spacing, unit_style(traj.units)["length"],
    )  # fmt: skip


def _scaled(kept: Snapshots, index: int, here: np.ndarray) -> np.ndarray:
    """Positions as fractions of the box."""
    return np.linalg.solve(
        kept.edges[index].T, (kept.position[index][here] - kept.origin[index]).T
    ).T
