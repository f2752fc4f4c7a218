"""Forecasts that wait for their time."""

from __future__ import annotations

import numpy as np

__all__ = ["Pending"]


class Pending:
    """Pairs of arrays (q,), each kept until a timestep has come.

    Parameters
    ----------
    size : int
        Quantities q.
    """

    def __init__(self, size):
        self._size = int(size)
        self._due, self._open = np.zeros(0, np.int64), np.zeros((0, 2, self._size))

    def add(self, due, first, second):
        """Keep two arrays for the timestep `due`."""
        self._due = np.append(self._due, np.int64(due))
        self._open = np.concatenate([self._open, np.array([[first, second]])])

    def take(self, step):
        """Arrays (2, q) that were kept for a timestep, None for none; those before it are gone."""
        known = self._open[self._due == step]
        left = self._due > step
        self._due, self._open = self._due[left], self._open[left]
        return known[0] if len(known) else None

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        return {"due": self._due.copy(), "open": self._open.copy()}

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._due = np.array(state["due"], np.int64)
        self._open = np.array(state["open"], float).reshape(-1, 2, self._size)
