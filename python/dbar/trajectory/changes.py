"""Changes and regimes of a run, from what the monitor wrote while the run went on.

An alarm stands in the column ``change_step``, and one that the monitor has confirmed changes
``regime``; in files of before these columns an alarm is a burst of state 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dbar.trajectory.movers import Mover, largest, movers
from dbar.trajectory.trajectory import Trajectory

__all__ = ["Change", "Regime", "expected_false_alarms", "find_changes", "find_regimes"]

_TOGETHER = 5  # snapshots within which alarms count as one
ALARM = 3


@dataclass
class Change:
    """An alarm, and the change of regime that came of it if one did.

    Attributes
    ----------
    index, step, time
        Snapshot from which on the run is different, as far as the monitor could date it.
    said : int
        Snapshot at which the monitor said so for the first time.
    until : int
        Last snapshot of the alarm.
    regime : int
        Number of the regime that followed; 0 if none did.
    movers : list of Mover
        Observables by how far they moved, in units of their spread.
    """

    index: int
    step: int
    time: float
    said: int
    until: int
    regime: int = 0
    movers: list[Mover] = field(default_factory=list)


@dataclass
class Regime:
    """Snapshots in a row of one regime.

    Attributes
    ----------
    number : int
        A regime that comes back has its old number.
    first, last : int
        Snapshots.
    learning, trusted, warning, alarm : int
        Snapshots in each state.
    back : bool
        Whether it was there before.
    change : Change or None
        What began it.
    """

    number: int
    first: int
    last: int
    learning: int
    trusted: int
    warning: int
    alarm: int
    back: bool = False
    change: Change | None = None


def bursts(rows: np.ndarray) -> list[tuple[int, int]]:
    """First and last of the numbers that follow each other within a few snapshots."""
    if not len(rows):
        return []
    cut = np.flatnonzero(np.diff(rows) > _TOGETHER) + 1
    return [(int(part[0]), int(part[-1])) for part in np.split(rows, cut)]


def _confirmed(traj: Trajectory) -> list[Change]:
    column = traj.monitor.get("change_step")
    if column is None:
        return []
    before = np.concatenate([[-1], column[:-1]])
    found = []
    for said in np.flatnonzero((column != before) & (column >= 0)):
        index = min(int(np.searchsorted(traj.step, column[said])), int(said))
        found.append(
            Change(index, int(column[said]), float(traj.time[index]), int(said), int(said))
        )
    regime = traj.monitor.get("regime")
    for n, change in enumerate(found):
        end = found[n + 1].said if n + 1 < len(found) else len(traj)
        if regime is not None and np.any(
            regime[change.said : end] != regime[max(change.said - 1, 0)]
        ):
            change.regime = int(regime[end - 1])
    return found


def find_changes(traj: Trajectory, with_movers: bool = True) -> list[Change]:
    """All alarms of a run in their order.

    Parameters
    ----------
    traj : Trajectory
    with_movers : bool
        Also find which observables moved.
    """
    state = traj.monitor.get("state")
    if state is None or not len(traj):
        return []
    changes = _confirmed(traj)
    confirmed = changes[:]
    index, said = (np.array([getattr(c, name) for c in confirmed]) for name in ("index", "said"))
    for first, last in bursts(np.flatnonzero(np.asarray(state) == ALARM)):
        near = np.flatnonzero((index <= last + _TOGETHER) & (first <= said + _TOGETHER))
        # an alarm that was joined to one of before may have been said earlier
        own = [confirmed[k] for k in near if first <= confirmed[k].said + _TOGETHER]
        for change in own:
            change.said, change.until = min(change.said, first), max(change.until, last)
        if not own:
            step, time = int(traj.step[first]), float(traj.time[first])
            changes.append(Change(first, step, time, first, last))
    changes.sort(key=lambda change: change.said)
    if with_movers:
        sizes = largest(traj) if changes else {}
        for n, change in enumerate(changes):
            start = changes[n - 1].until + 1 if n else 0
            end = changes[n + 1].index if n + 1 < len(changes) else len(traj)
            change.movers = movers(traj, start, change.index, end, sizes)
    return changes


def find_regimes(traj: Trajectory, changes: list[Change]) -> list[Regime]:
    """Regimes in their order; none if the file has no such column or there was no monitor."""
    number = traj.monitor.get("regime")
    state = traj.monitor.get("state")
    if number is None or state is None or not np.any(number > 0):
        return []
    number = _dated(traj, np.array(number, int), changes)
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
    out: list[Regime] = []
    for first, end in pairwise(edges):
        k = int(number[first])
        counts = np.bincount(np.clip(state[first:end], 0, 3), minlength=4)
        back = any(r.number == k for r in out)
        regime = Regime(k, first, end - 1, *(int(c) for c in counts), back=back)
        near = [c for c in changes if c.regime == k and c.index <= end and c.until >= first - 1]
        if out and near:
            regime.change = min(near, key=lambda c: abs(c.said - first))
        out.append(regime)
    return out


def _dated(traj: Trajectory, number: np.ndarray, changes: list[Change]) -> np.ndarray:
    """Number of the regime of each snapshot, (T,), as known afterwards.

    A regime begins where its change is dated, not where it was confirmed; one that was recognised
    has its old number from there on, not a new one while it was learnt.
    """
    column = traj.monitor.get("change_step")
    for end in np.flatnonzero(np.diff(number)) + 1 if column is not None else ():
        # a change gives a number higher than all before it, to be recognised an old one
        if number[end] < number[end - 1] and column[end] == column[end - 1]:
            first = end - 1
            while first and number[first - 1] == number[end - 1]:
                first -= 1
            number[first:end] = number[end]
    for change in changes:
        if change.regime and number[min(change.until + 1, len(number) - 1)] == change.regime:
            number[change.index : change.until + 1] = change.regime
    return number


def expected_false_alarms(traj: Trajectory) -> float | None:
    """False alarms to expect of a run as long as this one that goes on as it did.

    The stated rate times the snapshots that were judged; None without a monitor.
    """
    rate, state = traj.monitor_config.get("false_alarm"), traj.monitor.get("state")
    if rate is None or state is None:
        return None
    return float(rate) * int(np.count_nonzero(np.asarray(state) > 0))
