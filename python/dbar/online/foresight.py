"""Forecasts of observables by a copy of the monitor, made at every snapshot and checked later.

The copy sees what the monitor in the run saw and forecasts the descriptors. Observables follow
from them by a ridge regression on the snapshots seen so far; how wide the bands must be is learnt
from the errors of earlier forecasts (`dbar.forecast.own_errors`). Everything is prequential: at
no snapshot is anything used that came after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dbar.forecast.own_errors import OwnErrors
from dbar.online.arrays import features
from dbar.online.decision import Decision
from dbar.online.monitor import Monitor
from dbar.statistics.ridge import bayesian_ridge

__all__ = ["Foresight", "Outcome"]

_MEMORY = 1000  # snapshots from which observables are learnt
_FIRST = 12  # snapshots before observables are learnt, beside a model that was there before
_GROWTH = 1.1  # times as many before they are learnt again, beside one that is not refitted


@dataclass
class Outcome:
    """A forecast of one observable.

    Attributes
    ----------
    mean, half : (n,) arrays
        Mean, and half width of the band; NaN where there is none.
    """

    mean: np.ndarray
    half: np.ndarray


class Foresight:
    """A monitor's copy that forecasts observables.

    Parameters
    ----------
    monitor : Monitor
        As new, or as a checkpoint left it.
    horizons : int
        Snapshots forecast each time.
    level : float
        Share of outcomes that the bands are to hold.

    Attributes
    ----------
    bands : dict of OwnErrors
        By observable: what was promised and what came.
    fits : int
        Times that observables were learnt: once for each model of the monitor. The model that a
        monitor began with may stay its only one; then whenever there are a tenth more snapshots.
    """

    def __init__(self, monitor: Monitor, horizons: int, level: float = 0.9) -> None:
        self.monitor, self.horizons, self.level = monitor, int(horizons), float(level)
        self.bands: dict[str, OwnErrors] = {}
        self._x: deque = deque(maxlen=_MEMORY)
        self._y: deque = deque(maxlen=_MEMORY)
        self.fits, self._fitted, self._seen, self._enough = 0, -1, 0, _FIRST
        self._maps: dict[str, tuple[np.ndarray, float]] = {}

    def remember(
        self, step: int, D: np.ndarray, V: np.ndarray | None, values: Mapping[str, float]
    ) -> None:
        """Take in a snapshot that the monitor has seen already, for the regression alone."""
        per_atom = self.monitor.start is not None  # as the monitor takes them
        self._x.append(features(step, D, V, self.monitor.config.virial, per_atom))
        self._seen += 1
        self._y.append(dict(values))

    def observe(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        values: Mapping[str, float],
    ) -> tuple[Decision, dict[str, Outcome]]:
        """Check earlier forecasts against a snapshot, learn it, and forecast from it.

        Parameters
        ----------
        step, time, D, V
            As for `dbar.online.Monitor.observe`.
        values : dict of float
            Observables of the snapshot; NaN where one is not known.

        Returns
        -------
        Decision
            Of the copy.
        dict of Outcome
            Forecast of each observable over the next `horizons` snapshots; empty while learning.
        """
        for name, value in values.items():
            self.bands.setdefault(name, OwnErrors(self.horizons, self.level)).learn(float(value))
        decision = self.monitor.observe(step, time, D, V)
        self.remember(step, D, V, values)
        means = self.means(self.horizons)
        none = np.full(self.horizons, np.nan)
        out = {}
        for name in values:
            mean = means.get(name, none)
            half = self.bands[name].issue(mean)
            if name in means:
                out[name] = Outcome(mean, half)
        return decision, out

    def means(self, steps: int) -> dict[str, np.ndarray]:
        """Mean forecast (steps,) of each observable from the newest snapshot; empty while none."""
        if self.monitor.model is None:
            return {}
        if self._due():
            self._fitted, self._enough = self.monitor.refits, int(_GROWTH * self._seen) + 1
            self.fits += 1
            self._fit()
        if not self._maps:
            return {}
        mean, _ = self.monitor.forecast(steps)
        return {name: mean @ slope + offset for name, (slope, offset) in self._maps.items()}

    def _due(self) -> bool:
        """Whether observables are to be learnt anew."""
        if self.monitor.start is not None:
            return self._seen >= self._enough
        return self._fitted != self.monitor.refits

    def _fit(self) -> None:
        x = np.array(self._x)
        spread = x.std(axis=0)
        live = spread > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
        scale = np.where(live, spread, np.inf)
        self._maps = {}
        for name in self._y[-1]:
            y = np.array([row.get(name, np.nan) for row in self._y], dtype=float)
            good = np.isfinite(y)
            size = y[good].std() if good.sum() >= 3 else 0.0
            if not size > 1e-12 * np.abs(y[good]).max(initial=0.0):
                continue  # constant to rounding: nothing to forecast
            z = np.column_stack([x[good] / scale, y[good] / size])
            centre = z.mean(axis=0)
            sums = (z - centre).T @ (z - centre)
            fit = bayesian_ridge([len(z)], centre[None], sums[None], x.shape[1])
            self._maps[name] = fit.coef[0, 0] / scale * size, float(fit.intercept[0, 0] * size)
