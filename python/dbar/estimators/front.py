"""What the estimators of observables share: checks, whitening, Bayesian ridge on top."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import validate_data

from dbar.statistics.ridge import bayesian_ridge

_SMALLEST = 1e-10  # singular values below this share of the largest are rounding of the sums
_PER_AXIS = 3  # snapshots for each axis of a fit
TARGETS = ("extensive", "per-atom", "plain")


def check_target(target):
    """Raise unless `target` is a kind of target that the estimators know."""
    if target not in TARGETS:
        raise ValueError(f"target is {target!r}, expected one of {', '.join(TARGETS)}")


def check_finite(name, values, kind="component"):
    """Raise a ValueError that names the first snapshot whose value is NaN or infinite."""
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        where, value = bad[0], values[tuple(bad[0])]
        what = "NaN" if np.isnan(value) else str(value)
        place = "" if len(where) == 1 else f", {kind} {', '.join(str(int(i)) for i in where[1:])}"
        raise ValueError(
            f"Input {name} contains {what} at snapshot {int(where[0])}{place}; "
            "expected finite numbers"
        )


def checked_xy(estimator, X, y, least=3):
    """X (n, p) and y (n, ...) as finite float arrays; too few snapshots is an error."""
    if y is not None and np.asarray(y).dtype.kind == "f":
        check_finite("y", np.asarray(y))
    X, y = validate_data(
        estimator, X, y, dtype=np.float64, ensure_all_finite=False, multi_output=True,
        y_numeric=True,
    )  # fmt: skip
    check_finite("X", X)
    if len(X) < least:
        raise ValueError(f"n_samples = {len(X)} snapshots, at least {least} are needed")
    return X, np.asarray(y, dtype=float)


def checked_x(estimator, X):
    """X (n, p) for prediction, as many features as at fit."""
    X = validate_data(estimator, X, dtype=np.float64, ensure_all_finite=False, reset=False)
    check_finite("X", X)
    return X


def check_groups(groups, count):
    """Trajectory labels as an array (n,), None without labels."""
    if groups is None:
        return None
    groups = np.asarray(groups)
    if groups.shape != (count,):
        raise ValueError(f"groups has shape {groups.shape}, expected ({count},)")
    if len(np.unique(groups)) < 2:
        raise ValueError("groups names one trajectory, at least 2 are needed to leave one out")
    return groups


def per_atom(D):
    """Split D (n, K+1) into features per atom (n, K) and the number of atoms (n,).

    Raises
    ------
    ValueError
        If there is no component besides the count, or a count is not positive.
    """
    if D.shape[1] < 2:
        raise ValueError(f"D has {D.shape[1]} component, expected the atom count and K >= 1 sums")
    count = D[:, 0]
    if not (count > 0).all():
        row = int(np.argmin(count > 0))
        raise ValueError(
            f"component 0 of D is {count[row]:g} at snapshot {row}, expected the number of atoms"
        )
    return D[:, 1:] / count[:, None], count


def centred(X, weight):
    """Rows (n, p) about the weighted mean (p,), whose products are the covariance; and the mean."""
    mean = np.average(X, axis=0, weights=weight)
    return (X - mean) * np.sqrt(weight / len(X))[:, None], mean


def spread(rows, mean):
    """Standard deviations (p,) of `centred` rows, and which are more than rounding."""
    std = np.sqrt(np.square(rows).sum(axis=0))
    return std, std > 1e-12 * np.abs(mean)


class Whitening:
    """Standardised features on their principal axes, each with unit variance; nothing is cut off.

    Components of D̄ with little variance carry much of what an observable needs (the singular
    values of 55 bispectrum components fall over four decades, and the prediction still improves
    with the last ones), so none is dropped unless it is at the level of rounding. A singular value
    decomposition of the data, not of their covariance, keeps directions down to 1e-10.

    Parameters
    ----------
    n_components : int, optional
        Keep this many of the leading axes only.
    """

    def __init__(self, n_components=None):
        self.n_components = n_components

    def fit(self, X, weight=None):
        """Learn from X (n, p), with weights (n,) of mean 1.

        Raises
        ------
        ValueError
            If no feature varies, or `n_components` is not an integer from 1 on.
        """
        return self.fit_rows(*centred(X, np.ones(len(X)) if weight is None else weight))

    def fit_rows(self, rows, mean):
        """Learn from rows (m, p) about the mean (p,), whose products are the covariance."""
        if self.n_components is not None and self.n_components < 1:
            raise ValueError(f"n_components is {self.n_components}, expected an integer >= 1")
        self.mean_ = mean
        std, live = spread(rows, mean)
        if not live.any():
            raise ValueError(f"none of the {rows.shape[1]} features varies over the snapshots")
        scale = np.where(live, 1.0 / np.where(live, std, 1.0), 0.0)
        _, s, axes = np.linalg.svd(rows * scale, full_matrices=False)
        keep = int(np.sum(s > s[0] * _SMALLEST))
        if self.n_components is not None:
            keep = min(keep, self.n_components)
        self.singular_values_ = s[:keep]
        self.basis_ = scale[:, None] * (axes[:keep].T / s[:keep])
        return self

    def __call__(self, X):
        """Whitened coordinates (n, d)."""
        return (X - self.mean_) @ self.basis_


class RidgeCore:
    """Bayesian ridge of outputs Y (n, q) on features X (n, p), all outputs at once.

    The regression is that of scikit-learn's ``BayesianRidge`` on whitened features and standardised
    outputs (`dbar.statistics.ridge` computes it from moments); with `groups` the predictive
    standard deviation of each output is scaled such that predictions of left-out trajectories have
    squared errors of the stated size on average.

    A fit uses the leading axes only, a third as many as there are samples. One with as many axes
    as samples passes through all of them: it takes the noise for nothing (standard deviations too
    small by hundreds) and predicts worse than one with a third of the axes.
    """

    def __init__(self, n_components=None):
        self.n_components = n_components

    def fit(self, X, Y, weight=None, groups=None, folds=8):
        """Learn; `weight` (n,) is the inverse noise variance up to a factor."""
        weight = np.ones(len(X)) if weight is None else weight / weight.mean()
        self._solve(X, Y, weight)
        if groups is not None:
            self.scale_ = self._left_out_scale(X, Y, weight, groups, folds)
        return self

    def _solve(self, X, Y, weight):
        return self.fit_rows(*centred(np.hstack([X, Y]), weight), X.shape[1], len(X))

    def fit_rows(self, rows, mean, p, count):
        """Learn from weighted rows (m, p + q) of [x, y] about their mean, instead of the data.

        Parameters
        ----------
        rows : ndarray, shape (m, p + q)
            Their products are the covariance, as those of `dbar.statistics.factor` are.
        mean : ndarray, shape (p + q,)
        p : int
            Features.
        count : int
            Samples.
        """
        most = max(int(count) // _PER_AXIS, 1)
        axes = most if self.n_components is None else self.n_components
        self.front_ = Whitening(axes).fit_rows(rows[:, :p], mean[:p])
        y, n = rows[:, p:], float(count)
        self.y_mean_ = mean[p:]
        std = np.sqrt(np.square(y).sum(axis=0))
        self.y_std_ = np.where(std > 1e-14 * np.abs(self.y_mean_), std, 0.0)
        live = np.where(self.y_std_ > 0, self.y_std_, 1.0)
        joint = np.hstack([rows[:, :p] @ self.front_.basis_, y / live])
        size, d = joint.shape[1], self.front_.basis_.shape[1]
        comoment = n * (joint.T @ joint)
        fit = bayesian_ridge(np.array([n]), np.zeros((1, size)), comoment[None], d)
        self.regression_, self.coef_z_ = fit, fit.coef[0]
        # BayesianRidge takes the mean for known; its own uncertainty is one n-th of the noise
        self.count_, self.scale_ = n, np.ones(len(self.y_mean_))
        return self

    def _left_out_scale(self, X, Y, weight, groups, folds):
        from sklearn.model_selection import GroupKFold

        folds = min(folds, len(np.unique(groups)))
        total = np.zeros(Y.shape[1])
        for train, test in GroupKFold(folds).split(X, groups=groups):
            relative = weight[train] / weight[train].mean()
            core = RidgeCore(self.n_components)._solve(X[train], Y[train], relative)
            mean, std = core.predict(X[test], weight[test] / weight[train].mean(), True)
            live = np.where(std > 0, std, 1.0)
            total += np.sum(((Y[test] - mean) / live) ** 2 * (std > 0), axis=0)
        return np.sqrt(total / len(Y))

    def predict(self, X, weight=None, return_std=False):
        """Mean (n, q) and, if asked, standard deviation (n, q) at noise precision `weight`."""
        Z = self.front_(X)
        mean = self.y_mean_ + (Z @ self.coef_z_.T) * self.y_std_
        if not return_std:
            return mean
        fit, weight = self.regression_, np.ones(len(X)) if weight is None else weight
        noise = 1.0 / fit.noise_precision[0]
        rotated = (Z @ fit.eigvecs[0]) ** 2
        spread = 1.0 / (fit.eigvals[0] / noise[:, None] + fit.weight_precision[0][:, None])
        variance = rotated @ spread.T + noise / weight[:, None] + noise / self.count_
        return mean, np.sqrt(variance) * self.y_std_ * self.scale_

    @property
    def coef_(self):
        """Coefficients (q, p) of the features as given."""
        return (self.coef_z_ @ self.front_.basis_.T) * self.y_std_[:, None]

    @property
    def intercept_(self):
        """Intercepts (q,)."""
        return self.y_mean_ - self.coef_ @ self.front_.mean_
