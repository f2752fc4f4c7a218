"""Several observables from one set of descriptors, each scaling with the system as it should."""

from __future__ import annotations

import numpy as np

from dbar.estimators.linear import LinearEstimator
from dbar.store.units import dimension_of

__all__ = ["Readout", "kind_of"]


def kind_of(name: str) -> str:
    """Whether a LAMMPS thermo quantity grows with the system: "extensive" or "per-atom".

    Energies and the volume grow; pressures, temperatures, lengths do not, and of a quantity with
    a name of the user's own it is assumed that it does not.
    """
    return "extensive" if dimension_of(name) in ("energy", "volume") else "per-atom"


class Readout:
    """Linear estimators of named observables, fitted together (PRL 131, 236101, Eq. 2).

    Parameters
    ----------
    kinds : dict
        Name -> "extensive" or "per-atom", see `dbar.estimators.LinearEstimator`.

    Attributes
    ----------
    parts_ : list of (columns, LinearEstimator)
        One estimator per kind, with the columns of the observables it gives.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = dict(kinds)

    @property
    def names(self) -> list[str]:
        """Observables in the order of the columns."""
        return list(self.kinds)

    def fit(self, D: list[np.ndarray], values: list[np.ndarray]) -> Readout:
        """Learn from trajectories D (T, K+1), component 0 the atoms, and observables (T, q)."""
        X, Y = np.concatenate(D), np.concatenate(values)
        groups = np.repeat(np.arange(len(D)), [len(part) for part in D])
        groups = groups if len(D) > 1 else None
        self.parts_ = []
        for kind in ("extensive", "per-atom"):
            columns = np.array([k for k, n in enumerate(self.kinds) if self.kinds[n] == kind], int)
            if len(columns):
                model = LinearEstimator(kind).fit(X, Y[:, columns], groups=groups)
                self.parts_.append((columns, model))
        return self

    def predict(self, D: np.ndarray, checked: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations (n, q) of snapshots D (n, K+1).

        With `checked` D is known to be finite and of the right shape.
        """
        mean = np.empty((len(D), len(self.kinds)))
        std = np.empty_like(mean)
        for columns, model in self.parts_:
            predict = model.predict_checked if checked else model.predict
            mean[:, columns], std[:, columns] = predict(D, return_std=True)
        return mean, std

    def slopes(self, atoms: float) -> np.ndarray:
        """Derivatives (q, K) of the observables of a system of `atoms` by descriptors per atom."""
        rows: list = [None] * len(self.kinds)
        for columns, model in self.parts_:
            size = atoms if model.target == "extensive" else 1.0
            for column, coef in zip(columns, np.atleast_2d(model.coef_), strict=True):
                rows[column] = size * coef
        return np.array(rows)
