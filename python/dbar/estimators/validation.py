"""How good an estimator is on trajectories that it has not seen."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from dbar.estimators.front import check_finite

__all__ = ["HeldOut", "leave_trajectory_out", "stack"]


@dataclass(frozen=True)
class HeldOut:
    """Predictions of every snapshot by models fitted without its trajectory.

    Attributes
    ----------
    truth, mean : ndarray, shape (n,) or (n, ...)
    std : ndarray of the same shape, or None
        None where the estimator gives none.
    groups : ndarray, shape (n,)
        Trajectory of each snapshot.
    """

    truth: np.ndarray
    mean: np.ndarray
    std: np.ndarray | None
    groups: np.ndarray

    @property
    def r2(self):
        """R^2 of each output: float, or ndarray of the outputs' shape."""
        flat = [a.reshape(len(a), -1) for a in (self.truth, self.mean)]
        values = r2_score(*flat, multioutput="raw_values")
        return float(values[0]) if self.truth.ndim == 1 else values.reshape(self.truth.shape[1:])

    @property
    def rmse(self):
        """Root mean square error of each output, in its units."""
        return np.sqrt(np.mean((self.truth - self.mean) ** 2, axis=0))

    def coverage(self, level=0.9):
        """Share of snapshots inside the central interval of probability `level`, per output."""
        if self.std is None:
            raise ValueError("the estimator gives no standard deviation")
        half = norm.ppf(0.5 + level / 2) * self.std
        return np.mean(np.abs(self.truth - self.mean) <= half, axis=0)


def stack(D, *others):
    """Join trajectories into arrays over snapshots.

    Parameters
    ----------
    D : list of ndarray (T_i, K+1) or of `dbar.trajectory.Trajectory`
    *others : lists of ndarray (T_i, ...)
        Targets and further inputs, an entry per trajectory.

    Returns
    -------
    tuple of ndarray
        D (n, K+1), each of the others (n, ...), and the trajectory number of each snapshot (n,).

    Raises
    ------
    ValueError
        If trajectories differ in K, lists in length, or targets from D in their snapshots.
    """
    parts = [np.asarray(getattr(d, "D", d), dtype=float) for d in D]
    if not parts:
        raise ValueError("no trajectories, at least 1 is needed")
    for k, part in enumerate(parts):
        if part.shape[1:] != parts[0].shape[1:]:
            raise ValueError(
                f"trajectory {k} has components {part.shape[1:]}, trajectory 0 has "
                f"{parts[0].shape[1:]}; expected the same descriptor everywhere"
            )
        check_finite(f"D of trajectory {k}", part)
    out = [np.concatenate(parts)]
    for column in others:
        if len(column) != len(parts):
            raise ValueError(f"{len(column)} targets for {len(parts)} trajectories")
        column = [np.asarray(c) for c in column]
        for k, (part, c) in enumerate(zip(parts, column, strict=True)):
            if len(c) != len(part):
                raise ValueError(f"trajectory {k} has {len(part)} snapshots, its target {len(c)}")
        out.append(np.concatenate(column))
    groups = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    return (*out, groups)


def leave_trajectory_out(estimator, X, y, *extra, splitter=None):
    """Predict every trajectory by a model that was fitted without it.

    Snapshots of one trajectory resemble each other, so leaving out single ones would measure
    how well the model remembers; whole trajectories are left out.

    Parameters
    ----------
    estimator : estimator
        Fitted as ``fit(X, y, *extra, groups=...)`` where `fit` has such a parameter; cloned, the
        one given stays as it is.
    X : list of ndarray (T_i, ...) or of `dbar.trajectory.Trajectory`
        Descriptors (for `StressEstimator`: V̄), an entry per trajectory.
    y : list of ndarray (T_i, ...)
    *extra : lists of ndarray
        Further arguments of `fit` and `predict` (for `StressEstimator`: volume, then D̄).
    splitter : scikit-learn splitter, optional
        Splits by groups; by default one trajectory is left out at a time. Snapshots that it never
        tests are left out of the result.

    Returns
    -------
    HeldOut
        For a classifier `mean` is the probability of the second class and `truth` whether the
        snapshot belongs to it.

    Raises
    ------
    ValueError
        For fewer than 2 trajectories, or lists that do not fit together.
    """
    if len(X) < 2:
        raise ValueError(f"{len(X)} trajectory, at least 2 are needed to leave one out")
    X, y, *extra, groups = stack(X, y, *extra)
    splitter = splitter or GroupKFold(len(np.unique(groups)))
    classes = np.unique(y) if hasattr(estimator, "predict_proba") else None
    takes_groups = "groups" in inspect.signature(estimator.fit).parameters
    gives_std = "return_std" in inspect.signature(estimator.predict).parameters
    parts = []
    for train, test in splitter.split(X, y, groups):
        options = {}
        if takes_groups and len(np.unique(groups[train])) > 1:
            options["groups"] = groups[train]
        model = clone(estimator).fit(X[train], y[train], *(e[train] for e in extra), **options)
        seen = [X[test], *(e[test] for e in extra)]
        if classes is not None:
            mean, std = model.predict_proba(X[test])[:, 1], None
        elif gives_std:
            mean, std = model.predict(*seen, return_std=True)
        else:
            mean, std = model.predict(*seen), None
        parts.append((test, mean, std))
    test = np.concatenate([part[0] for part in parts])
    order = np.argsort(test, kind="stable")
    test = test[order]
    mean = np.concatenate([part[1] for part in parts])[order]
    std = np.concatenate([part[2] for part in parts])[order] if gives_std else None
    truth = y[test] if classes is None else (y[test] == classes[1])
    return HeldOut(truth, mean, std, groups[test])
