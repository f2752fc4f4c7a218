"""Scalar observables as linear functions of the global descriptors (PRL 131, 236101, Eq. 2)."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from dbar.estimators.front import (
    RidgeCore,
    check_groups,
    check_target,
    checked_x,
    checked_xy,
    per_atom,
)

__all__ = ["LinearEstimator"]


class LinearEstimator(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Observable A = theta . D̄ with a predictive standard deviation (Eq. 2, Figs. 1 and 4).

    Parameters
    ----------
    target : {"extensive", "per-atom", "plain"}
        What the observable is. "extensive": a sum over atoms (potential energy, number of hcp
        atoms), A = theta . D̄ + a N. "per-atom": a quantity that does not grow with the system
        (pressure, a fraction), A = theta . D̄/N + a. In both, component 0 of D̄ is the number of
        atoms N, and the variance of A/N (of A) that D̄ does not explain is taken as falling like
        1/N. "plain": A = theta . x + a of any features x.
    n_components : int, optional
        Keep only the leading principal components of the standardised features. By default a
        third as many as there are snapshots, and from 3 K of these on all: components of little
        variance matter.
    noise : {"bayesian", "pops"}
        Where the standard deviation comes from: scikit-learn's ``BayesianRidge`` model, or
        ``POPSRegression`` (Swinburne and Perez, MLST 6, 015008) for the misfit of the model, with
        the noise of the former added; it needs ``pip install dbar[pops]``.

    Attributes
    ----------
    coef_ : ndarray, shape (p,) or (q, p)
        theta, one per feature: the K sums of D̄ without the count, or all features if "plain".
    intercept_ : float or ndarray, shape (q,)
        a: per atom for "extensive".
    std_scale_ : ndarray, shape (q,)
        Factor on the standard deviations found by leaving out trajectories (1 without `groups`).
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from dbar.estimators import LinearEstimator
    >>> rng = np.random.default_rng(0)
    >>> D = np.column_stack([np.full(50, 100.0), rng.normal(size=(50, 3))])
    >>> model = LinearEstimator().fit(D, D @ [0.5, 1.0, -2.0, 0.0])
    >>> mean, std = model.predict(D, return_std=True)
    >>> mean.shape, std.shape
    ((50,), (50,))
    """

    def __init__(self, target="extensive", n_components=None, noise="bayesian"):
        self.target = target
        self.n_components = n_components
        self.noise = noise

    def fit(self, X, y, groups=None):
        """Learn from snapshots.

        Parameters
        ----------
        X : ndarray, shape (n, K+1)
            D of each snapshot.
        y : ndarray, shape (n,) or (n, q)
            Observable(s), in any units.
        groups : ndarray, shape (n,), optional
            Trajectory of each snapshot. With it the standard deviation is checked on left-out
            trajectories and scaled to what is found (not with ``noise="pops"``).

        Raises
        ------
        ValueError
            For values that are not finite, fewer than 3 snapshots, features none of which varies,
            a count that is not positive, or unknown parameters.
        """
        check_target(self.target)
        if self.noise not in ("bayesian", "pops"):
            raise ValueError(f"noise is {self.noise!r}, expected 'bayesian' or 'pops'")
        X, y = checked_xy(self, X, y)
        groups = check_groups(groups, len(X))
        self._flat = y.ndim == 1
        features, count = self._features(X)
        self.mean_count_ = float(np.mean(count))
        Y = self._scaled(y.reshape(len(y), -1), count)
        weight = count / self.mean_count_
        groups = None if self.noise == "pops" else groups
        self.core_ = RidgeCore(self.n_components).fit(features, Y, weight, groups)
        if self.noise == "pops":
            from dbar.estimators.pops import PopsSpread

            self.pops_ = PopsSpread().fit(self.core_, features, Y)
        self.std_scale_ = self.core_.scale_
        coef, intercept = self.core_.coef_, self.core_.intercept_
        self.coef_ = coef[0] if self._flat else coef
        self.intercept_ = float(intercept[0]) if self._flat else intercept
        return self

    def predict(self, X, return_std=False):
        """Observable of snapshots, D of each as a row of X (n, K+1).

        Returns
        -------
        mean : ndarray, shape (n,) or (n, q)
        std : ndarray, of the same shape
            Only with ``return_std=True``: standard deviation of a new observation.
        """
        check_is_fitted(self)
        return self.predict_checked(checked_x(self, X), return_std)

    def predict_checked(self, X, return_std=False):
        """As `predict`, of finite floats (n, K+1) that need no check."""
        features, count = self._features(X)
        weight = count / self.mean_count_
        if not return_std:
            return self._restored(self.core_.predict(features), count)
        mean, std = self.core_.predict(features, weight, return_std=True)
        if self.noise == "pops":
            std = self.pops_.std(self.core_, features)
        return self._restored(mean, count), self._restored(std, count)

    def _features(self, X):
        if self.target == "plain":
            return X, np.ones(len(X))
        return per_atom(X)

    def _scaled(self, Y, count):
        return Y / count[:, None] if self.target == "extensive" else Y

    def _restored(self, Y, count):
        Y = Y * count[:, None] if self.target == "extensive" else Y
        return Y[:, 0] if self._flat else Y
