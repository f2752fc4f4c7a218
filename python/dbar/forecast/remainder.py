"""What a forecast does not know of a quantity, kept as far as it has lasted so far.

A quantity is known today to more than the state that is forecast tells: a shear stress is read from
the virial, of which the descriptors know little. The difference is noise for one quantity and lasts
for another; which it is, and by how much, is told by the forecasts that have come due.
"""

from __future__ import annotations

import numpy as np

from dbar.forecast.pending import Pending

__all__ = ["Remainder"]


class Remainder:
    """Share rho (q,) of today's remainder that is left when a forecast comes due.

    rho minimises the sum of squares of A(t + h) - F(t) - rho e(t) over the forecasts F that have
    come due, e = A - F at no time ahead, with one more term that says 0; it is kept in [0, 1].

    Parameters
    ----------
    size : int
        Quantities q.
    """

    def __init__(self, size):
        self._square, self._product = np.zeros(size), np.zeros(size)
        self._pending = Pending(size)

    def learn(self, step, values):
        """Compare what was forecast for a timestep with values (q,), NaN where unknown."""
        known = self._pending.take(step)
        if known is not None:
            mean, rest = known
            off = values - mean
            judged = np.isfinite(off) & np.isfinite(rest)
            self._square += np.where(judged, rest, 0.0) ** 2
            self._product += np.where(judged, rest, 0.0) * np.where(judged, off, 0.0)

    def issue(self, due, mean, rest):
        """Forecast (q,) for the timestep `due`.

        Parameters
        ----------
        due : int
        mean : ndarray, shape (q,)
            Forecast from the state.
        rest : ndarray, shape (q,)
            What is known of today's values and not from the state; NaN: nothing.
        """
        self._pending.add(due, mean, rest)
        square = self._square + np.nan_to_num(rest) ** 2
        rho = np.clip(self._product / np.where(square > 0.0, square, 1.0), 0.0, 1.0)
        return mean + rho * np.nan_to_num(rest)

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        own = {"square": self._square.copy(), "product": self._product.copy()}
        return own | self._pending.get_state()

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._square, self._product = (np.array(state[n], float) for n in ("square", "product"))
        self._pending.set_state(state)
