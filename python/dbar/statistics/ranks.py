"""How wide a band has to be, from the ranks of the newest errors: no distribution is assumed."""

from __future__ import annotations

import numpy as np

__all__ = ["LEAST", "LEVEL", "NORMAL", "RecentRanks", "width_of"]

LEVEL = 0.9  # share of errors that a band of `NORMAL` standard deviations is to hold
NORMAL = 1.6448536269514722  # those of a Gaussian
LEAST = 9  # errors of which the largest is the rank that holds `LEVEL`: with fewer there is none
_KEPT = 60  # newest errors


def width_of(ratios):
    """Factor (q,) on standard deviations at which `NORMAL` of them hold `LEVEL` of the ratios.

    Parameters
    ----------
    ratios : ndarray, shape (n, q)
        |error| / standard deviation.
    """
    n = len(ratios)
    rank = min(int(np.ceil((n + 1) * LEVEL)), n) - 1
    return np.sort(ratios, axis=0)[rank] / NORMAL


class RecentRanks:
    """Factors on the standard deviations of `size` quantities.

    Parameters
    ----------
    size : int
    least : int
        Errors without which a factor is `before`.
    before : float
        NaN: it is not known. What a regression says of itself is far too little while it has fewer
        snapshots than descriptors.

    Attributes
    ----------
    width : ndarray, shape (size,)
    """

    def __init__(self, size, least=LEAST, before=np.nan):
        self._size, self._least, self._before = int(size), int(least), float(before)
        self._set(np.zeros((0, self._size)))

    def add(self, error, std):
        """Take in errors (size,) of predictions that had these standard deviations; NaN: none."""
        ratio = np.abs(error) / np.where(std > 0.0, std, np.inf)
        self._set(np.concatenate([self._ratios[1 - _KEPT :], ratio[None]]))

    def _set(self, ratios):
        self._ratios = ratios
        known = np.isfinite(ratios)
        if len(ratios) >= self._least and known.all():
            self.width = width_of(ratios)
            return
        self.width = np.full(self._size, self._before)
        for k in np.flatnonzero(known.sum(axis=0) >= self._least):
            self.width[k] = width_of(ratios[known[:, k], k : k + 1])[0]

    def get_state(self):
        """Arrays from which `set_state` restores the factors bit for bit."""
        return {"ratios": self._ratios.copy()}

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._set(np.array(state["ratios"], float).reshape(-1, self._size))
