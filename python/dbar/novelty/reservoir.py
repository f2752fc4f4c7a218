"""A uniform sample of a fixed size of rows that come in parts, without keeping the others."""

from __future__ import annotations

import numpy as np

__all__ = ["Reservoir"]

_MOST = 50_000  # rows: one in a thousand of them is known to 14 %


class Reservoir:
    """All rows while they are few, then a random sample of those so far (Vitter 1985).

    Each row draws a number; those with the smallest stay. The numbers are the same at every call.

    Parameters
    ----------
    size : int
        Length of a row.
    most : int
        Rows kept.

    Attributes
    ----------
    rows : ndarray, shape (n, size)
        The sample, n <= `most`.
    """

    def __init__(self, size, most=_MOST):
        self.rows, self._most = np.zeros((0, size)), int(most)
        self._drawn, self._random = np.zeros(0), np.random.default_rng(0)

    def add(self, rows):
        """Add rows (m, size)."""
        drawn = self._random.random(len(rows))
        if len(self.rows) == self._most:
            small = drawn < self._drawn.max()
            rows, drawn = rows[small], drawn[small]
        rows, drawn = np.concatenate([self.rows, rows]), np.append(self._drawn, drawn)
        if len(rows) > self._most:
            small = np.argpartition(drawn, self._most)[: self._most]
            rows, drawn = rows[small], drawn[small]
        self.rows, self._drawn = rows, drawn
