"""Streaming least squares without squares: the triangular factor of weighted rows.

A sum of squares keeps half the digits: directions whose spread is 1e-8 of the largest are gone. The
factor R of the rows (R^T R is that sum) keeps them all, and factors of parts of the rows stack to
one of the whole, so that ranks, replicas and restarts add up (Golub and Van Loan, section 6.5).
"""

from __future__ import annotations

import numpy as np

__all__ = ["RowFactor"]

_WAITING = 32  # rows taken into the factor at a time


class RowFactor:
    """Factor of rows sqrt(w) [1, z], from which weighted mean and centred factor follow.

    Parameters
    ----------
    size : int
        Length of z.

    Attributes
    ----------
    count : int
        Rows so far.
    """

    def __init__(self, size):
        self.size, self.count = int(size), 0
        self._factor = np.zeros((0, self.size + 1))
        self._waiting = []

    def add(self, z, weight=1.0):
        """Add one row z (size,)."""
        row = np.empty(self.size + 1)
        row[0], row[1:] = 1.0, z
        self._waiting.append(np.sqrt(weight) * row)
        self.count += 1
        if len(self._waiting) >= _WAITING:
            self._take()

    def merge(self, other):
        """Add the rows of another factor; return self."""
        if other.size != self.size:
            raise ValueError(
                f"a factor of rows of {other.size} cannot be added to one of {self.size}"
            )
        self._take(other._factor, *other._waiting)
        self.count += other.count
        return self

    def _take(self, *more):
        rows = np.vstack([self._factor, *self._waiting, *more])
        self._factor, self._waiting = np.linalg.qr(rows, mode="r"), []

    def centred(self):
        """Sum of weights, weighted mean (size,), and rows (m, size) about it, m <= size.

        The products of these rows are the weighted covariance: they are over the sum of weights.

        Raises
        ------
        ValueError
            If there is no row.
        """
        if self.count == 0:
            raise ValueError("no rows, at least 1 is needed")
        self._take()
        root, rows = self._factor[0, 0], self._factor[1:, 1:]
        return root**2, self._factor[0, 1:] / root, rows / abs(root)

    def rows(self):
        """Rows (m, size), m <= size + 1, whose products are the weighted sums of those added."""
        self._take()
        return self._factor[:, 1:]

    def get_state(self):
        """Arrays from which `from_state` continues bit for bit."""
        waiting = np.array(self._waiting).reshape(-1, self.size + 1)
        return {
            "rows": np.array([self.size, self.count], np.int64),
            "factor": self._factor.copy(), "waiting": waiting,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state):
        """Inverse of `get_state`."""
        size, count = (int(v) for v in state["rows"])
        self = cls(size)
        self.count = count
        self._factor = np.array(state["factor"], float, order="C")
        self._waiting = [row.copy() for row in np.array(state["waiting"], float)]
        return self
