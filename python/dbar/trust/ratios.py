"""Ratios of what is seen to what was expected, each with the F distribution that it has at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Ratios"]


@dataclass(frozen=True)
class Ratios:
    """One ratio for each window, distributed as F(`above`, `below`) without change.

    Attributes
    ----------
    value, above, below : ndarray, shape (n_windows,)
        NaN, 1, 1 where a window cannot be judged.
    """

    value: np.ndarray
    above: np.ndarray
    below: np.ndarray

    @classmethod
    def unknown(cls, n):
        """As many windows, of which none can be judged."""
        return cls(np.full(n, np.nan), np.ones(n), np.ones(n))

    def joined(self, other):
        """These and then the others."""
        pairs = ((self.value, other.value), (self.above, other.above), (self.below, other.below))
        return Ratios(*(np.concatenate(pair) for pair in pairs))

    def over_expected(self):
        """Ratios over their expectations."""
        return self.value * (1.0 - 2.0 / np.maximum(self.below, 3.0))

    def probability(self, inflation):
        """Probabilities of larger ratios, each ratio over its `inflation`."""
        from scipy.special import fdtrc

        return fdtrc(self.above, self.below, self.value / inflation)
