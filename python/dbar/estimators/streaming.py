"""Observables read from D̄ while a run goes on: `readout`, one snapshot at a time."""

from __future__ import annotations

import numpy as np

from dbar.estimators.front import RidgeCore, per_atom, spread
from dbar.statistics.factor import RowFactor
from dbar.statistics.ranks import RecentRanks

__all__ = ["StreamingReadout", "due"]

_LEAST = 12  # snapshots of the first fit
_GROWTH = 0.1  # fitted anew when the snapshots have grown by this


def due(count, fitted):
    """Whether to fit to `count` snapshots when the model is made of `fitted` (0: there is none)."""
    return count >= max(_LEAST, fitted * (1.0 + _GROWTH))


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
        Factor on the standard deviations of the model, NaN before nine errors are known.
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
        self._others = self._fitted = self._core = None
        self._ranks = RecentRanks(len(kinds))

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
        return self._ranks.width

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
            What was predicted without it; None, None before the first fit, NaN for an observable
            that has not changed so far, and `std` NaN before nine errors tell how wide it is.

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
            self._ranks.add(values - mean[0], std[0])
        scaled = np.where(self._extensive, values / D[0], values)
        self._all.add(np.concatenate([D[1:] / D[0], scaled]), D[0])
        everything = self.count + (0 if self._others is None else self._others.count)
        if due(everything, 0 if self._fitted is None else self._fitted.count):
            self.fit()
        return said

    def fit(self):
        """Fit to everything learnt; until it varies there is no model. Returns self."""
        fitted = RowFactor.from_state(self._all.get_state())
        if self._others is not None:
            fitted.merge(self._others)
        return self._fit_to(fitted)

    def _fit_to(self, fitted):
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

    def share(self):
        """Arrays of what was learnt here, for `take` of replicas that learn the same."""
        return self._all.get_state()

    def take(self, others):
        """Replace what other replicas have shared (arrays of `share` of each), and fit."""
        total = self.nothing()
        for state in others:
            self.gather(total, state)
        self.settle(total)

    def nothing(self):
        """Sum of what no replica has shared, for `gather`."""
        return RowFactor(self._all.size)

    def gather(self, total, state):
        """Add what one replica has shared to a sum: nobody needs to hold those of all."""
        total.merge(RowFactor.from_state(state))

    def settle(self, total):
        """Replace what other replicas have shared by their sum, and fit."""
        self._others = total if total.count else None
        if due(self.count + total.count, 0):
            self.fit()

    def slopes(self, atoms):
        """Derivatives (q, K) of the observables of a system of `atoms` by descriptors per atom."""
        return self._core.coef_ * np.where(self._extensive, atoms, 1.0)[:, None]

    def _of_model(self, D):
        X, count = per_atom(D)
        mean, std = self._core.predict(X, count / self._atoms, return_std=True)
        # nothing is known of what has never changed, least of all that it stays so
        size = np.where(self._core.y_std_ > 0.0, 1.0, np.nan)
        size = size * np.where(self._extensive, count[:, None], 1.0)
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
        state = self._ranks.get_state()
        parts = {"all": self._all, "others": self._others, "fitted": self._fitted}
        for head, part in parts.items():
            if part is not None:
                state |= {f"{head}_{name}": value for name, value in part.get_state().items()}
        return state

    @classmethod
    def from_state(cls, kinds, size, state):
        """Inverse of `get_state` for the same observables."""
        self = cls(kinds, size)
        parts = {
            head: {n[len(head) + 1 :]: v for n, v in state.items() if n.startswith(head + "_")}
            for head in ("all", "others", "fitted")
        }
        self._all = RowFactor.from_state(parts["all"])
        if self._all.size != self.size + len(self.kinds):
            raise ValueError(
                f"state of {self._all.size} columns, expected {self.size + len(kinds)}"
            )
        if parts["others"]:
            self._others = RowFactor.from_state(parts["others"])
        if parts["fitted"]:
            self._fit_to(RowFactor.from_state(parts["fitted"]))
        self._ranks.set_state(state)
        return self
