"""Pressure tensor read from V̄ and D̄ while a run goes on."""

from __future__ import annotations

import numpy as np

from dbar.estimators.streaming import due
from dbar.estimators.stress import StressEstimator, stress_rows
from dbar.statistics.factor import RowFactor
from dbar.statistics.ranks import RecentRanks

__all__ = ["StreamingStress"]


class StreamingStress:
    """`StressEstimator` with V̄ and D̄, learnt one snapshot at a time.

    What is kept are the triangular factors of its equations, those of the trace and those of the
    deviator; they do not grow with the run.

    Parameters
    ----------
    size : int
        Descriptor sums K, without the count.
    """

    def __init__(self, size):
        self.size = int(size)
        self._own = self._empty()
        self._others = self._fitted = self._model = None
        self._ranks = RecentRanks(7)

    def _empty(self):
        return [RowFactor(2 * self.size + 2) for _ in range(2)]

    @property
    def count(self):
        """Snapshots learnt."""
        return self._own[0].count

    @property
    def ready(self):
        """Whether there is a model to predict with."""
        return self._model is not None

    def observe(self, D, V, volume, pressure):
        """Predict the pressure of one snapshot, compare, and learn it.

        Parameters
        ----------
        D : ndarray, shape (K + 1,)
        V : ndarray, shape (K + 1, 6)
        volume : float
        pressure : ndarray, shape (6,)
            Pressure tensor xx yy zz xy xz yz.

        Returns
        -------
        mean, std : ndarray, shape (7,)
            The tensor and then the pressure, predicted without it; None, None before the first fit.
        """
        pressure, said = np.asarray(pressure, float), (None, None)
        if self._model is not None:
            mean, std = self._of_model(D, V, volume)
            said = mean, std * self._ranks.width
            self._ranks.add(np.append(pressure, pressure[:3].mean()) - mean, std)
        rows = stress_rows(V[None], -pressure[None], np.array([volume]), D[None])
        for factor, block in zip(self._own, rows, strict=True):
            for row in block:
                factor.add(row)
        others = 0 if self._others is None else self._others[0].count
        if due(self.count + others, 0 if self._fitted is None else self._fitted[0].count):
            self.fit()
        return said

    def predict(self, D, V, volume):
        """Mean and standard deviation (7,) of tensor and pressure of one snapshot."""
        mean, std = self._of_model(D, V, volume)
        return mean, std * self._ranks.width

    def _of_model(self, D, V, volume):
        given = V[None], np.array([volume]), D[None]
        stress, std = self._model.predict(*given, return_std=True)
        press, press_std = self._model.pressure(*given)
        return np.append(-stress[0], press[0]), np.append(std[0], press_std[0])

    def fit(self):
        """Fit to everything learnt. Returns self."""
        fitted = [RowFactor.from_state(part.get_state()) for part in self._own]
        for k, part in enumerate(self._others or []):
            fitted[k].merge(part)
        return self._fit_to(fitted)

    def _fit_to(self, fitted):
        blocks = [(part.rows(), part.count) for part in fitted]
        if np.any(blocks[0][0][:, :-1]) or np.any(blocks[1][0][:, :-1]):
            self._model = StressEstimator().fit_rows(blocks, self.size + 1, True)
            self._fitted = fitted
        return self

    def share(self):
        """Arrays of what was learnt here, for `take` of replicas that learn the same."""
        return _saved(("own", self._own))

    def take(self, others):
        """Replace what other replicas have shared (arrays of `share` of each), and fit."""
        total = self.nothing()
        for state in others:
            self.gather(total, state)
        self.settle(total)

    def nothing(self):
        """Sum of what no replica has shared, for `gather`."""
        return self._empty()

    def gather(self, total, state):
        """Add what one replica has shared to a sum: nobody needs to hold those of all."""
        for part, more in zip(total, _restored("own", state), strict=True):
            part.merge(more)

    def settle(self, total):
        """Replace what other replicas have shared by their sum, and fit."""
        self._others = total if total[0].count else None
        if due(self.count + total[0].count, 0):
            self.fit()

    def get_state(self):
        """Arrays from which `from_state` continues bit for bit."""
        parts = (("own", self._own), ("others", self._others), ("fitted", self._fitted))
        return self._ranks.get_state() | _saved(*parts)

    @classmethod
    def from_state(cls, size, state):
        """Inverse of `get_state`."""
        self = cls(size)
        self._own = _restored("own", state)
        if self._own[0].size != 2 * self.size + 2:
            raise ValueError(f"state of {self._own[0].size} columns, expected {2 * size + 2}")
        self._others = _restored("others", state)
        fitted = _restored("fitted", state)
        if fitted is not None:
            self._fit_to(fitted)
        self._ranks.set_state(state)
        return self


def _saved(*parts):
    """Arrays of pairs of factors, by name."""
    return {
        f"{name}{k}_{key}": value
        for name, pair in parts
        for k, factor in enumerate(pair or [])
        for key, value in factor.get_state().items()
    }


def _restored(name, state):
    """A pair of factors from arrays, None if it is not among them."""
    if f"{name}0_rows" not in state:
        return None
    heads = (f"{name}{k}_" for k in range(2))
    return [
        RowFactor.from_state({n[len(h) :]: v for n, v in state.items() if n.startswith(h)})
        for h in heads
    ]
