"""Forecast of a run that is being followed, by a copy of the monitor that sits in it."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np
from scipy.stats import gamma

from dbar.online.monitor import Monitor
from dbar.store.checkpoint import unpack
from dbar.trajectory.summary import stress
from dbar.trajectory.trajectory import Trajectory

__all__ = ["LEVEL", "Outlook", "Prophet"]

LEVEL = 0.9  # share of outcomes that the bands are to hold
_Z = 1.6448536269514722  # two-sided 90 % of a normal
_MEMORY = 1000  # snapshots from which observables are learnt
_MOST = 3000  # snapshots without checkpoint that are replayed at most
_STEPS = (10, 100)  # fewest and most snapshots forecast


@dataclass
class Outlook:
    """Forecast from the newest snapshot.

    Attributes
    ----------
    time : (n,) array
        Times forecast, in the run's time units.
    bands : dict of (3, n) arrays
        Name ("M", "stress", "pe") -> mean, lower and upper edge of the 90 % band. That of M is
        mean and spread of M under the forecast plus sigma_M^2 t / dtau; that of an observable
        holds the noise, the spread of the bags, and what descriptors do not tell about it.
    """

    time: np.ndarray
    bands: dict[str, np.ndarray]


class Prophet:
    """Takes the monitor from the newest checkpoint in the file, and shows it what came since."""

    def __init__(self) -> None:
        self._monitor: Monitor | None = None
        self._D: np.ndarray | None = None
        self._given_up = False

    def look(self, file: h5py.File, run: Trajectory) -> Outlook | None:
        """Take in the new rows of the open file and forecast; None while that is not possible."""
        if self._given_up or not run.monitor_config or "M" not in run.monitor:
            return None
        try:
            self._catch_up(file, run)
            return self._outlook(run)
        except (ValueError, KeyError, IndexError, TypeError, ArithmeticError, AttributeError):
            # settings or data that this version's monitor refuses: the columns are shown anyway
            self._given_up = True
            return None

    def _catch_up(self, file: h5py.File, run: Trajectory) -> None:
        own = file["observables/dbar"]
        if self._monitor is None:
            self._monitor = self._start(file, run)
        start = self._monitor.snapshots
        if len(run) - start > _MOST:
            raise ValueError("too far behind")
        oldest = max(0, len(run) - _MEMORY)
        first = min(start, oldest) if self._D is None else start
        D = own["D/value"][first : len(run)]
        V = own["V/value"][start : len(run)] if self._monitor.config.virial else None
        for k in range(start, len(run)):
            v = None if V is None else V[k - start]
            self._monitor.observe(int(run.step[k]), float(run.time[k]), D[k - first], v)
        D = D if self._D is None else np.concatenate([self._D, D])
        self._D = D[-_MEMORY:]

    def _start(self, file: h5py.File, run: Trajectory) -> Monitor:
        slots = [unpack(file["parameters/dbar/monitor"][s][...]) for s in ("slot0", "slot1")]
        found = [c for c in slots if c is not None and c.snapshots <= len(run)]
        if found:
            newest = max(found, key=lambda c: c.sequence)
            monitor = Monitor(run.monitor_config)
            return Monitor.from_state(monitor.config, newest.arrays)
        return Monitor(run.monitor_config, stride=run.parameters.get("nfreq"))

    def _outlook(self, run: Trajectory) -> Outlook | None:
        monitor = self._monitor
        if monitor.model is None or not monitor.dtau > 0.0:
            return None
        tau = float(run.monitor["tau_pred"][-1]) / monitor.dtau
        steps = int(np.clip(tau if np.isfinite(tau) else 0, *_STEPS))
        inflation = max(1.0, monitor.inflation_sum / monitor.inflation_weight)
        model, d = monitor.model, monitor.model.dim
        readouts = self._readouts(run)
        bands = {name: np.empty((3, steps)) for name in ("M", *readouts)}
        ahead = model.start(monitor._latent_state())
        for k in range(steps):
            ahead = model.advance(ahead)
            mean, variance = model.forecast_m(ahead, inflation)
            growth = model.sigma_m2 * (k + 1)
            edges = mean + growth, *(growth + _m_edges(mean, variance))
            bands["M"][:, k] = edges
            state, cov, bags = ahead
            cov = cov[:d, :d] * inflation + np.cov(bags[:, :d], rowvar=False).reshape(d, d)
            for name, (offset, slope, rest) in readouts.items():
                middle = offset + slope @ state[:d]
                half = _Z * np.sqrt(max(0.0, slope @ cov @ slope) + rest)
                bands[name][:, k] = middle, middle - half, middle + half
        bands = {k: v for k, v in bands.items() if np.isfinite(v).all()}
        return Outlook(run.time[-1] + monitor.dtau * np.arange(1, steps + 1), bands)

    def _readouts(self, run: Trajectory) -> dict[str, tuple[float, np.ndarray, float]]:
        """Stress and energy as linear functions of the latent coordinates: (b, w, variance)."""
        if self._monitor.config.virial:
            return {}  # the latent space is made of V as well, of which no rows are held
        columns = {}
        found = stress(run)
        if found:
            columns["stress"] = found[1]
        if "pe" in run.observables:
            columns["pe"] = run.observables["pe"]
        n = len(self._D)
        X = np.column_stack([np.ones(n), self._monitor.model.latent(self._D[:, 1:])])
        out = {}
        for name, values in columns.items():
            target = np.asarray(values[-n:], float)
            if n < 3 * X.shape[1] or not np.isfinite(target).all():
                continue
            if not np.ptp(target) > 1e-9 * np.abs(target).max():
                continue  # constant to rounding: nothing to learn
            w = np.linalg.lstsq(X, target, rcond=None)[0]
            rest = float(np.square(target - X @ w).sum() / (n - X.shape[1]))
            out[name] = (float(w[0]), w[1:], rest)
        return out


def _m_edges(mean: float, variance: float) -> np.ndarray:
    """Edges of the band of M: a gamma distribution of that mean and variance (Satterthwaite)."""
    if not (mean > 0.0 and variance > 0.0 and np.isfinite(variance)):
        return np.array([mean, mean])
    shape = mean**2 / variance
    return gamma.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], shape, scale=variance / mean)
