"""How wide a band has to be, from the ranks of the newest errors: no distribution is assumed."""

from __future__ import annotations

import numpy as np

__all__ = ["LEVEL", "NORMAL", "RecentRanks", "width_of"]

LEVEL = 0.9  # share of errors that a band of `NORMAL` standard deviations is to hold
NORMAL = 1.6448536269514722  # those of a Gaussian
_KEPT = 60  # newest errors
_ENOUGH = 20  # errors without which a band is as wide as the model says


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

    Attributes
    ----------
    width : ndarray, shape (size,)
        1 while there are fewer than 20 errors.
    """

    def __init__(self, size):
        self._size = int(size)
        self._ratios = np.zeros((0, self._size))
        self.width = np.ones(self._size)

    def add(self, error, std):
        """Take in errors (size,) of predictions that had these standard deviations."""
        ratio = np.abs(error) / np.where(std > 0.0, std, np.inf)
        self._set(np.concatenate([self._ratios[1 - _KEPT :], ratio[None]]))

    def _set(self, ratios):
        self._ratios = ratios
        enough = len(ratios) >= _ENOUGH
        self.width = width_of(ratios) if enough else np.ones(self._size)

    def get_state(self):
        """Arrays from which `set_state` restores the factors bit for bit."""
        return {"ratios": self._ratios.copy()}

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._set(np.array(state["ratios"], float).reshape(-1, self._size))
