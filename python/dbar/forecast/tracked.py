"""Bands of forecasts at one horizon, as wide as their own misses ask for.

A forecast that is made at every snapshot is checked when its time has come: a miss enlarges the
factor on its standard deviations, a hit shrinks it a little (adaptive conformal inference on the
quantile itself: Angelopoulos, Candes & Tibshirani, NeurIPS 2023). Outcomes that are not known
change nothing.
"""

from __future__ import annotations

import numpy as np

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
        self._due = np.zeros(0, np.int64)
        self._open = np.zeros((0, 2, len(self.factor)))

    def learn(self, step, values):
        """Check what was forecast for a timestep against values (q,), NaN where unknown."""
        known = self._due == step
        if known.any():
            mean, half = self._open[known][0]
            judged = np.isfinite(values) & np.isfinite(half)
            inside = np.abs(values - mean) <= half
            self.count += judged
            self.hits += judged & inside
            move = np.exp(_RATE * (np.where(inside, 0.0, 1.0) - (1.0 - self.level)))
            self.factor = np.where(judged, self.factor * move, self.factor)
        left = self._due > step
        self._due, self._open = self._due[left], self._open[left]

    def issue(self, due, mean, std):
        """Half widths (q,) of a forecast for the timestep `due`."""
        half = self.factor * std
        self._due = np.append(self._due, np.int64(due))
        self._open = np.concatenate([self._open, np.array([[mean, half]])])
        return half

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        return {
            "factor": self.factor.copy(), "hits": self.hits.copy(), "count": self.count.copy(),
            "due": self._due.copy(), "open": self._open.copy(),
        }  # fmt: skip

    def set_state(self, state):
        """Inverse of `get_state`."""
        self.factor = np.array(state["factor"], float)
        self.hits, self.count = (np.array(state[n], np.int64) for n in ("hits", "count"))
        self._due = np.array(state["due"], np.int64)
        self._open = np.array(state["open"], float).reshape(-1, 2, len(self.factor))
