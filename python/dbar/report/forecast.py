"""Forecasts made during the run, against what happened: found by replaying the stored stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dbar.descriptors.voigt import tensor_to_voigt
from dbar.forecast.own_errors import ENOUGH, TOLERANCE, OwnErrors
from dbar.online.foresight import Foresight
from dbar.online.monitor import Monitor
from dbar.online.stored import has_monitor, monitor_anew
from dbar.report.series import pick_series
from dbar.store.checkpoint import Checkpoint
from dbar.trajectory.changes import find_changes
from dbar.trajectory.trajectory import Trajectory

__all__ = ["LEVEL", "Forecast", "Hindsight", "hindsight"]

LEVEL = 0.9  # share of outcomes that a band is to hold
SHORT = 5  # snapshots of a short forecast
_LEAD = 20  # snapshots wanted between the long forecast and the alarm
_AFTER = 15  # snapshots shown after the alarm
_MOST = 4000  # snapshots replayed at most
_LONGEST = 400  # snapshots forecast at most
_CHECKED = 50  # snapshots ahead up to which every forecast is checked
_SHORTS = 60  # short forecasts shown, about


@dataclass
class Forecast:
    """One forecast of one series.

    Attributes
    ----------
    rows : (n,) int array
        Snapshots forecast.
    mean, half : (n,) arrays
        Mean, and half width of the band as it was known then; NaN where there was none.
    """

    rows: np.ndarray
    mean: np.ndarray
    half: np.ndarray


@dataclass
class Hindsight:
    """Forecasts of some series, and what happened.

    Attributes
    ----------
    series : dict of (T,) arrays
        What happened.
    short : dict of list of Forecast
        Forecasts of each series over five snapshots from many moments of the run.
    long : dict of Forecast
        One long forecast of each, made at snapshot `origin`.
    origin : int
    bands : dict of OwnErrors
        What the bands of each series promised and held, over all forecasts of the replay.
    alarm : int or None
        Snapshot of the alarm that the long forecast precedes.
    skipped : int
        Snapshots at the start of a long run that the replay left out.
    same : bool
        Whether the replay came to the M that the run stored. It cannot where the run learnt from
        replicas as well (``ensemble yes``), or went on with other settings of the monitor.
    """

    series: dict[str, np.ndarray]
    short: dict[str, list[Forecast]] = field(default_factory=dict)
    long: dict[str, Forecast] = field(default_factory=dict)
    origin: int = 0
    bands: dict[str, OwnErrors] = field(default_factory=dict)
    alarm: int | None = None
    skipped: int = 0
    same: bool = True

    def held(self, name: str) -> bool:
        """Whether the band of the short forecasts is one: measured, and not found to fail."""
        return self.bands[name].reach() >= SHORT

    def long_words(self, name: str) -> str:
        """The same of the long forecast, whose band is drawn as far as it holds."""
        bands = self.bands[name]
        reach, most = bands.reach(), len(bands.count)
        if not reach:
            return self.words(name, most)
        text = f"up to {reach} snapshots ahead {self.words(name, reach)}"
        if reach < most:
            hits, count = bands.hits[reach:].sum(), bands.count[reach:].sum()
            text += f"; beyond that none is drawn, it held {100 * hits / count:.0f} % of {count}"
        return text

    def words(self, name: str, until: int) -> str:
        """What the band up to a horizon promised and what it held."""
        bands = self.bands[name]
        share, count = bands.coverage(until)
        stated = f"stated {100 * bands.level:.0f} %"
        if not count:
            return (
                f"no band: there are too few earlier forecasts to learn its width from ({stated})"
            )
        measured = f"held {100 * share:.0f} % of {count} values ({stated})"
        if bands.reach() < min(until, len(bands.count)):
            return (
                f"no band is drawn: it {measured} and is more than {100 * TOLERANCE:.0f} points off"
            )
        few = "" if count >= ENOUGH else ", too few to judge it"
        return f"the band {measured}{few}"


def hindsight(
    traj: Trajectory,
    series: dict[str, np.ndarray] | None = None,
    checkpoints: Sequence[Checkpoint] = (),
) -> Hindsight | None:
    """Replay the stored snapshots through the stored monitor, forecast, and check.

    The long forecast is the one of the newest model fitted at least 20 snapshots before the first
    alarm, or before the end when there was none.

    Parameters
    ----------
    traj : Trajectory
        With ``monitor_config``.
    series : dict of (T,) arrays, optional
        What is to be forecast, all that the report draws when not given. Of each nothing is used
        that lies behind the moment of the forecast.
    checkpoints : sequence of Checkpoint
        Those of the file. Only a monitor that began with a model needs them, for they hold it.

    Returns
    -------
    Hindsight or None
        None if there was no monitor, or it never came to a forecast.

    Raises
    ------
    StartUnknownError
        If the monitor began with a model that no checkpoint holds.
    """
    if not has_monitor(traj.monitor_config) or "state" not in traj.monitor:
        return None
    if series is None:
        series = {each.name: each.values for each in pick_series(traj, find_changes(traj))}
    alarms = np.flatnonzero(traj.monitor["state"] == 3)
    out = Hindsight(series, alarm=int(alarms[0]) if len(alarms) else None)
    end = out.alarm if out.alarm is not None else len(traj)
    out.skipped = max(0, end - _MOST)
    monitor = monitor_anew(traj.monitor_config, traj.parameters.get("nfreq"), list(checkpoints))
    M = _replay(traj, monitor, out, end)
    if not out.long:
        return None
    out.same = out.skipped > 0 or _agree(M, traj.monitor.get("M"))
    return out


def _replay(traj: Trajectory, monitor: Monitor, out: Hindsight, end: int) -> np.ndarray:
    """Fill in all forecasts; returns the M that the replay came to."""
    foresight = Foresight(monitor, _CHECKED, LEVEL)
    start, last = out.skipped, min(len(traj), end + _MOST)
    V = None if traj.V is None else tensor_to_voigt(traj.V[start:last])
    every = max(SHORT, -(-(last - start) // _SHORTS))
    fits, M = 0, []
    for k in range(start, last):
        values = {name: float(column[k]) for name, column in out.series.items()}
        v = None if V is None else V[k - start]
        said, ahead = foresight.observe(
            int(traj.step[k]), float(traj.time[k]), traj.D[k], v, values
        )
        M.append(float(said.mahalanobis))
        if not ahead or k + 1 == last:
            continue
        if foresight.fits > fits:
            fits = foresight.fits
            steps = min(min(last, end + _AFTER) - k - 1, _LONGEST)
            if (not out.long or k <= end - _LEAD) and steps > 0:
                means = foresight.means(steps)
                out.origin = k
                out.long = {
                    name: _forecast(k, mean, ahead[name].half) for name, mean in means.items()
                }
        if k % every == 0:
            n = min(SHORT, last - k - 1)
            for name, one in ahead.items():
                short = _forecast(k, one.mean[:n], one.half[:n])
                out.short.setdefault(name, []).append(short)
    out.bands = foresight.bands
    return np.array(M)


def _forecast(origin: int, mean: np.ndarray, half: np.ndarray) -> Forecast:
    known = np.full(len(mean), np.nan)
    known[: len(half)] = half[: len(mean)]
    return Forecast(np.arange(origin + 1, origin + 1 + len(mean)), mean, known)


def _agree(M: np.ndarray, stored: np.ndarray | None) -> bool:
    """Whether two courses of M, NaN or 0 while there is none, are equal but for rounding."""
    if stored is None:
        return True
    M, stored = np.nan_to_num(M), np.nan_to_num(stored[: len(M)])
    return bool(np.allclose(M, stored, rtol=1e-3, atol=1e-3))
