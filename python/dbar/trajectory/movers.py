"""Which observables moved at a change, in units of how much they spread before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.store.units import dimension_of, pressure_in_gpa, unit_of
from dbar.trajectory.trajectory import Trajectory

__all__ = ["CLEAR", "Mover", "changed_most", "in_words", "movers", "shown"]

_WINDOW = 20  # snapshots looked at on either side
_LEAST = 5  # snapshots before, without which a spread is not known
_NAMES = {
    "pe": "potential energy", "etotal": "total energy", "ke": "kinetic energy",
    "temp": "temperature", "press": "pressure", "vol": "volume",
}  # fmt: skip
CLEAR = 4.0  # spreads: less than that, a straight line may miss by itself


@dataclass
class Mover:
    """One observable at one change.

    Attributes
    ----------
    name, unit : str
    expected, after : float
        Where its course before the change, a straight line, would have led, and where it went:
        means over the same snapshots.
    spread : float
        Standard deviation about that line before the change.
    """

    name: str
    unit: str
    expected: float
    after: float
    spread: float

    @property
    def moved(self) -> float:
        """Distance from the expected, in spreads; positive upwards."""
        return (self.after - self.expected) / self.spread

    def sentence(self) -> str:
        """As "volume is 24 nm3 where its course led to 22 nm3 (12 times its spread)"."""
        digits = 2 + max(0, int(np.ceil(np.log10(self._size() / self._step()))))
        digits = min(digits, 9)
        after, expected = f"{self.after:.{digits}g}", f"{self.expected:.{digits}g}"
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"{in_words(self.name)} is {after}{unit} where its course led to {expected}{unit} "
            f"({abs(self.moved):.3g} times its spread)"
        )

    def _size(self) -> float:
        return max(abs(self.after), abs(self.expected), 1e-300)

    def _step(self) -> float:
        return max(abs(self.after - self.expected), 1e-9 * self._size())


def in_words(name: str) -> str:
    """Name of an observable for a reader."""
    if len(name) == 3 and name[0] == "p" and set(name[1:]) <= set("xyz"):
        return f"pressure component {name[1:]}"
    return _NAMES.get(name, name)


def shown(
    traj: Trajectory, name: str, rows: slice | np.ndarray = slice(None)
) -> tuple[np.ndarray, str]:
    """Values of an observable as they are shown, and their unit: pressures in GPa."""
    values = np.asarray(traj.observables[name][rows], dtype=float)
    size = pressure_in_gpa(traj.units)
    if size and dimension_of(name) == "pressure":
        return values * size, "GPa"
    return values, unit_of(name, traj.units)


def largest(traj: Trajectory) -> dict[str, float]:
    """Largest absolute value of each observable over the whole run, as it is shown."""
    return {name: float(np.abs(shown(traj, name)[0]).max()) for name in traj.observables}


def movers(
    traj: Trajectory, start: int, index: int, end: int, sizes: dict[str, float] | None = None
) -> list[Mover]:
    """Observables by how far they moved, the farthest first.

    Parameters
    ----------
    traj : Trajectory
    start, end : int
        Snapshots between which nothing else changed: from `start`, up to but without `end`.
    index : int
        Snapshot of the change.
    sizes : dict, optional
        From `largest`, where many changes are asked for.
    """
    before = np.arange(max(start, index - _WINDOW), index)
    after = np.arange(index, min(index + _WINDOW, end))
    after = after[-max(1, len(after) // 2) :]  # where it went to, not the way there
    if len(before) < _LEAST or not len(after):
        return []
    t = before - before.mean()
    out = []
    sizes = largest(traj) if sizes is None else sizes
    for name in traj.observables:
        (x, unit), (y, _) = shown(traj, name, before), shown(traj, name, after)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            continue
        slope = (t @ x) / (t @ t)
        rest = x - x.mean() - slope * t
        spread = float(np.sqrt(rest @ rest / (len(x) - 2)))
        if not spread > 1e-9 * sizes[name]:
            continue  # constant, or a straight line as a box length under fix deform
        expected = float(np.mean(x.mean() + slope * (after - before.mean())))
        out.append(Mover(name, unit, expected, float(y.mean()), spread))
    return sorted(out, key=lambda mover: -abs(mover.moved))


def changed_most(traj: Trajectory, found: list[list[Mover]]) -> str | None:
    """Name of the observable to look at: the one that moved most at any change.

    Without a change that says so, the one that went farthest over the whole run, in units of how
    much it changes from one snapshot to the next. None if nothing varies.

    Parameters
    ----------
    traj : Trajectory
    found : list of list of Mover
        Of each change.
    """
    first = [each[0] for each in found if each and abs(each[0].moved) >= CLEAR]
    if first:
        return max(first, key=lambda mover: abs(mover.moved)).name
    best, name = 0.0, None
    for key, column in traj.observables.items():
        x = np.asarray(column, dtype=float)
        if len(x) < 3 or not np.isfinite(x).all():
            continue
        noise = np.sqrt(0.5 * np.square(np.diff(x - _line(x))).mean())
        if noise > 1e-9 * np.abs(x).max() and np.ptp(x) / noise > best:
            best, name = np.ptp(x) / noise, key
    return name


def _line(x: np.ndarray) -> np.ndarray:
    t = np.arange(len(x)) - 0.5 * (len(x) - 1)
    return x.mean() + (t @ x) / (t @ t) * t
