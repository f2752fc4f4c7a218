"""Bands of forecasts at one horizon, as wide as their own misses ask for.

A forecast that is made at every snapshot is checked when its time has come: a miss enlarges the
factor on its standard deviations, a hit shrinks it a little (adaptive conformal inference on the
quantile itself: Angelopoulos, Candes & Tibshirani, NeurIPS 2023). Outcomes that are not known
change nothing.
"""

from __future__ import annotations

import numpy as np

from dbar.forecast.pending import Pending

__all__ = ["TrackedBands"]

_RATE = 0.1  # step of the logarithm of a factor for each outcome


class TrackedBands:
    """Bands of several quantities.

    Parameters
    ----------
    factor : ndarray, shape (q,)
        Half width over standard deviation to begin with.
    level : float
        Share of outcomes that a band is to hold.

    Attributes
    ----------
    hits, count : ndarray, shape (q,)
        Outcomes inside their bands, and all that are known.
    """

    def __init__(self, factor, level=0.9):
        self.factor, self.level = np.array(factor, float), float(level)
        self.hits, self.count = (np.zeros(len(self.factor), np.int64) for _ in range(2))
        self._pending = Pending(len(self.factor))

    def learn(self, step, values):
        """Check what was forecast for a timestep against values (q,), NaN where unknown."""
        known = self._pending.take(step)
        if known is not None:
            mean, half = known
            judged = np.isfinite(values) & np.isfinite(half)
            inside = np.abs(values - mean) <= half
            self.count += judged
            self.hits += judged & inside
            move = np.exp(_RATE * (np.where(inside, 0.0, 1.0) - (1.0 - self.level)))
            self.factor = np.where(judged, self.factor * move, self.factor)

    def issue(self, due, mean, std):
        """Half widths (q,) of a forecast for the timestep `due`."""
        half = self.factor * std
        self._pending.add(due, mean, half)
        return half

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        own = {"factor": self.factor, "hits": self.hits, "count": self.count}
        return {name: value.copy() for name, value in own.items()} | self._pending.get_state()

    def set_state(self, state):
        """Inverse of `get_state`."""
        self.factor = np.array(state["factor"], float)
        self.hits, self.count = (np.array(state[n], np.int64) for n in ("hits", "count"))
        self._pending.set_state(state)
