"""Observables read from D̄ while a run goes on: `readout`, one snapshot at a time."""

from __future__ import annotations

import numpy as np

from dbar.estimators.front import RidgeCore, per_atom, spread
from dbar.statistics.factor import RowFactor

__all__ = ["StreamingReadout"]

_LEAST = 12  # snapshots of the first fit
_GROWTH = 0.1  # fitted anew when the snapshots have grown by this
_ERRORS = 60  # newest errors that say how wide a band has to be
_ENOUGH = 20  # errors without which it is as wide as the model says
_LEVEL = 0.9  # share of errors that a band of 1.6449 standard deviations holds
_NORMAL = 1.6448536269514722  # of a Gaussian


class StreamingReadout:
    """Linear estimators of named observables, learnt from a stream (PRL 131, 236101, Eq. 2).

    What is kept does not grow with the run, and equals what `dbar.estimators.LinearEstimator`
    learns from all snapshots at once. Each snapshot is predicted before it is learnt. Standard
    deviations are scaled by the ranks of the newest errors, such that 1.6449 of them hold 90 %,
    whatever the distribution.

    Parameters
    ----------
    kinds : dict
        Name -> "extensive" (A = theta . D̄ + a N) or "per-atom" (A = theta . D̄/N + a).
    size : int
        Descriptor sums K, without the count.

    Attributes
    ----------
    width : ndarray, shape (q,)
        Factor on the standard deviations of the model.
    """

    def __init__(self, kinds, size):
        for name, kind in kinds.items():
            if kind not in ("extensive", "per-atom"):
                raise ValueError(f"{name} is {kind!r}, expected 'extensive' or 'per-atom'")
        if not kinds:
            raise ValueError("no observables, at least 1 is needed")
        self.kinds, self.size = dict(kinds), int(size)
        self._extensive = np.array([kind == "extensive" for kind in kinds.values()])
        self._all = RowFactor(self.size + len(kinds))
        self._fitted = self._core = None
        self._errors = np.zeros((0, len(kinds)))

    @property
    def names(self):
        """Observables in the order of the columns."""
        return list(self.kinds)

    @property
    def count(self):
        """Snapshots learnt."""
        return self._all.count

    @property
    def ready(self):
        """Whether there is a model to predict with."""
        return self._core is not None

    @property
    def width(self):
        """Factor (q,) on the standard deviations of the model, from the newest errors."""
        n = len(self._errors)
        if n < _ENOUGH:
            return np.ones(len(self.kinds))
        rank = min(int(np.ceil((n + 1) * _LEVEL)), n) - 1
        return np.sort(self._errors, axis=0)[rank] / _NORMAL

    def observe(self, D, values):
        """Predict one snapshot, compare, and learn it.

        Parameters
        ----------
        D : ndarray, shape (K + 1,)
            Component 0 is the number of atoms.
        values : ndarray, shape (q,)

        Returns
        -------
        mean, std : ndarray, shape (q,)
            What was predicted without it; None, None before the first fit.

        Raises
        ------
        ValueError
            If D or a value is not finite, has another size, or the count is not positive.
        """
        D, values = self._checked(D), np.asarray(values, float)
        if values.shape != (len(self.kinds),):
            raise ValueError(f"{values.shape} values, expected {len(self.kinds)}: {self.names}")
        if not np.isfinite(values).all():
            raise ValueError(f"{self.names[int(np.argmin(np.isfinite(values)))]} is not finite")
        said = (None, None)
        if self._core is not None:
            mean, std = self._of_model(D[None])
            said = mean[0], std[0] * self.width
            off = np.abs(values - mean[0]) / np.where(std[0] > 0.0, std[0], np.inf)
            self._errors = np.concatenate([self._errors[1 - _ERRORS :], off[None]])
        scaled = np.where(self._extensive, values / D[0], values)
        self._all.add(np.concatenate([D[1:] / D[0], scaled]), D[0])
        fitted = 0 if self._fitted is None else self._fitted.count
        if self.count >= max(_LEAST, fitted * (1.0 + _GROWTH)):
            self.fit()
        return said

    def fit(self):
        """Fit to everything learnt; until it varies there is no model. Returns self."""
        fitted = RowFactor.from_state(self._all.get_state())
        total, mean, rows = fitted.centred()
        if spread(rows[:, : self.size], mean[: self.size])[1].any():
            self._core = RidgeCore().fit_rows(rows, mean, self.size, fitted.count)
            self._fitted, self._atoms = fitted, total / fitted.count
        return self

    def predict(self, D):
        """Means and standard deviations (n, q) of snapshots D (n, K + 1).

        Raises
        ------
        ValueError
            Before the first fit, or for a D that does not fit.
        """
        if self._core is None:
            raise ValueError(f"{self.count} snapshots learnt, {_LEAST} that differ are needed")
        mean, std = self._of_model(np.array([self._checked(row) for row in np.atleast_2d(D)]))
        return mean, std * self.width

    def merge(self, other):
        """Add what another run learnt of the same observables, and fit; return self.

        Raises
        ------
        ValueError
            If observables, their kinds or the number of descriptors differ.
        """
        if (other.kinds, other.size) != (self.kinds, self.size):
            raise ValueError(
                f"observables {other.kinds} of {other.size} descriptors cannot be added to "
                f"{self.kinds} of {self.size}"
            )
        self._all.merge(other._all)
        return self.fit()

    def _of_model(self, D):
        X, count = per_atom(D)
        mean, std = self._core.predict(X, count / self._atoms, return_std=True)
        size = np.where(self._extensive, count[:, None], 1.0)
        return mean * size, std * size

    def _checked(self, D):
        D = np.asarray(D, float)
        if D.shape != (self.size + 1,):
            raise ValueError(f"D has shape {D.shape}, expected ({self.size + 1},)")
        if not np.isfinite(D).all() or D[0] <= 0.0:
            raise ValueError(f"D is not finite or has {D[0]:g} atoms")
        return D

    def get_state(self):
        """Arrays from which `from_state` continues bit for bit."""
        state = {"errors": self._errors.copy()}
        state |= {f"all_{name}": value for name, value in self._all.get_state().items()}
        if self._fitted is not None:
            fitted = self._fitted.get_state()
            state |= {f"fitted_{name}": value for name, value in fitted.items()}
        return state

    @classmethod
    def from_state(cls, kinds, size, state):
        """Inverse of `get_state` for the same observables."""
        self = cls(kinds, size)
        parts = {
            head: {n[len(head) :]: v for n, v in state.items() if n.startswith(head)}
            for head in ("all_", "fitted_")
        }
        if parts["fitted_"]:
            self._all = RowFactor.from_state(parts["fitted_"])
            self.fit()
        self._all = RowFactor.from_state(parts["all_"])
        if self._all.size != self.size + len(self.kinds):
            raise ValueError(
                f"state of {self._all.size} columns, expected {self.size + len(kinds)}"
            )
        self._errors = np.array(state["errors"], float).reshape(-1, len(self.kinds))
        return self
