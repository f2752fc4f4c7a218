"""Forecasts made during the run, against what happened: found by replaying the stored stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.online.monitor import Monitor
from dbar.trajectory.trajectory import Trajectory, tensor_to_voigt

__all__ = ["Hindsight", "hindsight"]

_LEAD = 20  # snapshots wanted between the forecast and the alarm
_AFTER = 15  # snapshots shown after the alarm
_MOST = 4000  # snapshots replayed at most
_LONGEST = 400  # snapshots forecast at most
_SHORT = 5  # snapshots of a short forecast
_SHORTS = 60  # short forecasts shown, about


@dataclass
class Hindsight:
    """Forecasts of two descriptor sums, and what happened.

    Attributes
    ----------
    origin : int
        Snapshot from which the forecast was made.
    rows : (n,) int array
        Snapshots forecast.
    components : (c,) int array
        Which elements of D.
    mean, std, actual : (n, c) arrays
        Forecast mean and standard deviation, and the observed values, per central atom.
    past : (m, c) array
        Observed values of the ``m`` snapshots up to and including ``origin``.
    alarm : int or None
        Snapshot of the alarm that the forecast precedes.
    skipped : int
        Snapshots at the start of a long run that the replay left out.
    short : list of (rows, mean, std)
        Short forecasts of the first component from many snapshots of the run, per atom, (n,) each.
    series : (T,) array
        The first component per central atom, of every snapshot.
    same : bool
        Whether the replay came to the M that the run stored. It cannot where the run learnt from
        replicas as well (``ensemble yes``), or went on with other settings of the monitor.
    """

    origin: int
    rows: np.ndarray
    components: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    actual: np.ndarray
    past: np.ndarray
    alarm: int | None
    skipped: int
    short: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    series: np.ndarray
    same: bool


def hindsight(traj: Trajectory) -> Hindsight | None:
    """Replay the stored snapshots through the stored monitor and pick one forecast.

    The forecast is the one of the newest model fitted at least 20 snapshots before the first
    alarm, or before the end when there was none.

    Parameters
    ----------
    traj : Trajectory
        With ``monitor_config``.

    Returns
    -------
    Hindsight or None
        None if there was no monitor, or it never came to a forecast.
    """
    if not traj.monitor_config or "state" not in traj.monitor:
        return None
    alarms = np.flatnonzero(traj.monitor["state"] == 3)
    alarm = int(alarms[0]) if len(alarms) else None
    end = alarm if alarm is not None else len(traj)
    skipped = max(0, end - _MOST)
    atoms = np.maximum(traj.D[:, :1], 1.0)
    values = (traj.D / atoms)[:, 1:]
    picked = _slow_components(values[skipped:end])
    long, short, M = _replay(traj, skipped, end, picked)
    if long is None:
        return None
    origin, mean, std = long
    rows = np.arange(origin + 1, origin + 1 + len(mean))
    first = max(skipped, origin - 2 * _LEAD)
    return Hindsight(
        origin,
        rows,
        picked + 1,
        mean / atoms[rows],
        std / atoms[rows],
        values[rows][:, picked],
        values[first : origin + 1][:, picked],
        alarm,
        skipped,
        [(r, m[:, 0] / atoms[r, 0], s[:, 0] / atoms[r, 0]) for r, m, s in short],
        values[:, picked[0]],
        skipped > 0 or _agree(M, traj.monitor.get("M")),
    )


def _replay(traj: Trajectory, start: int, end: int, picked: np.ndarray) -> tuple:
    """The long forecast to show (origin, mean, std), short ones (rows, mean, std), and M."""
    monitor = Monitor(traj.monitor_config, stride=traj.parameters.get("nfreq"))
    last = min(len(traj), end + _MOST)
    V = None if traj.V is None else tensor_to_voigt(traj.V[start:last])
    every = max(_SHORT, -(-(last - start) // _SHORTS))
    long, short, refits, M = None, [], 0, []
    for k in range(start, last):
        v = None if V is None else V[k - start]
        said = monitor.observe(int(traj.step[k]), float(traj.time[k]), traj.D[k], v)
        M.append(float(said.mahalanobis))
        if not monitor.refits or k + 1 == last:
            continue
        if monitor.refits > refits:
            refits = monitor.refits
            if long is None or k <= end - _LEAD:
                steps = min(last, end + _AFTER) - k - 1
                if steps > 0:
                    mean, std = monitor.forecast(min(steps, _LONGEST))
                    long = (k, mean[:, picked], std[:, picked])
        if k % every == 0:
            mean, std = monitor.forecast(min(_SHORT, last - k - 1))
            rows = np.arange(k + 1, k + 1 + len(mean))
            short.append((rows, mean[:, picked], std[:, picked]))
    return long, short, np.array(M)


def _agree(M: np.ndarray, stored: np.ndarray | None) -> bool:
    """Whether two courses of M, NaN or 0 while there is none, are equal but for rounding."""
    if stored is None:
        return True
    M, stored = np.nan_to_num(M), np.nan_to_num(stored[: len(M)])
    return bool(np.allclose(M, stored, rtol=1e-3, atol=1e-3))


def _slow_components(x: np.ndarray) -> np.ndarray:
    """Two columns of (n, K) that a forecast can say something about and that differ.

    The first has the largest lag-one autocorrelation; the second a large one too, and little
    correlation with the first.
    """
    y = x - x.mean(axis=0)
    scale = np.sqrt(np.square(y).sum(axis=0))
    live = scale > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    y = np.where(live, y / np.where(live, scale, 1.0), 0.0)
    memory = np.where(live, (y[1:] * y[:-1]).sum(axis=0), -1.0)
    first = int(np.argmax(memory))
    second = int(np.argmax(memory * (1.0 - np.abs(y.T @ y[:, first]))))
    return np.array([first] if second == first else [first, second])
