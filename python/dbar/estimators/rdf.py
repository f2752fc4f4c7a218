"""Radial distribution function as a linear function of the descriptors (PRL 131, 236101, Eq. 7)."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

from dbar.estimators.front import (
    RidgeCore,
    check_groups,
    check_target,
    checked_x,
    checked_xy,
    per_atom,
)

__all__ = ["RDFEstimator"]


class RDFEstimator(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Histogram of distances g(r) from D̄ in a basis of a few singular vectors (Eq. 7, Fig. 2b).

    g_b = mean_b + sum_l u_l,b (theta_l . D̄/N + a_l): the histograms of the training snapshots
    less their mean are decomposed into singular vectors u_l, and each coefficient is regressed on
    D̄ per atom.

    Parameters
    ----------
    n_components : int
        Singular vectors kept, L (the paper: 4 to 5); fewer if the histograms have a lower rank.
    target : {"per-atom", "plain"}
        "per-atom": component 0 of D is the number of atoms and divides the others. "plain": any
        features.

    Attributes
    ----------
    basis_ : ndarray, shape (L, n_bins)
        Orthonormal rows u_l.
    mean_ : ndarray, shape (n_bins,)
    explained_variance_ratio_ : ndarray, shape (L,)
        Share of the histograms' variance in each singular vector.
    residual_std_ : ndarray, shape (n_bins,)
        Standard deviation of what lies outside the basis.
    """

    def __init__(self, n_components=5, target="per-atom"):
        self.n_components = n_components
        self.target = target

    def fit(self, X, y, groups=None):
        """Learn from snapshots, D of each as a row of X (n, K+1), and histograms y (n, n_bins).

        Parameters
        ----------
        groups : ndarray, shape (n,), optional
            Trajectory of each snapshot, to scale the standard deviations as in `LinearEstimator`.

        Raises
        ------
        ValueError
            For values that are not finite, fewer than 3 snapshots, features none of which varies,
            or unknown parameters.
        """
        check_target(self.target)
        if self.target == "extensive":
            raise ValueError("target is 'extensive', expected 'per-atom' or 'plain': g(r) is not")
        if self.n_components < 1:
            raise ValueError(f"n_components is {self.n_components}, expected an integer >= 1")
        X, g = checked_xy(self, X, y)
        groups = check_groups(groups, len(X))
        self._flat = g.ndim == 1
        g = g.reshape(len(g), -1)
        with np.errstate(invalid="ignore"):  # equal histograms have no variance to share
            found = PCA(svd_solver="full").fit(g)
        s, self.mean_ = found.singular_values_, found.mean_
        keep = max(1, min(int(self.n_components), int(np.sum(s > s[0] * 1e-10))))
        self.basis_ = found.components_[:keep]
        self.explained_variance_ratio_ = np.nan_to_num(found.explained_variance_ratio_[:keep])
        scores = (g - self.mean_) @ self.basis_.T
        self.residual_std_ = (g - self.mean_ - scores @ self.basis_).std(axis=0)
        self.core_ = RidgeCore().fit(self._features(X), scores, groups=groups)
        return self

    def predict(self, X, return_std=False):
        """Histograms (n, n_bins) of snapshots X (n, K+1), and their standard deviations if asked.

        The standard deviation adds up the coefficients' (as independent, which singular vectors
        make them over the training data) and what lies outside the basis.
        """
        check_is_fitted(self)
        features = self._features(checked_x(self, X))
        if not return_std:
            return self._restored(self.core_.predict(features) @ self.basis_ + self.mean_)
        scores, std = self.core_.predict(features, return_std=True)
        spread = np.sqrt(std**2 @ self.basis_**2 + self.residual_std_**2)
        return self._restored(scores @ self.basis_ + self.mean_), self._restored(spread)

    def _features(self, X):
        return X if self.target == "plain" else per_atom(X)[0]

    def _restored(self, g):
        return g[:, 0] if self._flat else g
