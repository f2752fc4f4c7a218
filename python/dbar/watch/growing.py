"""Columns that grow at their end without being copied each time."""

from __future__ import annotations

import numpy as np

__all__ = ["Growing"]


class Growing:
    """One column (n, ...) of a file that is followed; what it gives are views of one array."""

    def __init__(self) -> None:
        self._rows: np.ndarray | None = None

    def extend(self, known: int, new: np.ndarray) -> np.ndarray:
        """Return the first `known` rows with the new ones behind them."""
        if not known or self._rows is None:
            self._rows = np.asarray(new)
            return self._rows
        count = known + len(new)
        if count > len(self._rows):
            # a quarter more than needed: a row costs a few copies in all, however many there are
            room = np.empty((count + count // 4, *new.shape[1:]), self._rows.dtype)
            room[:known] = self._rows[:known]
            self._rows = room
        self._rows[known:count] = new
        return self._rows[:count]
