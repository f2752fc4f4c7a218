"""Bagged regression of the next snapshot on the last P, from streaming statistics."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from dbar.statistics.chain import LagChain
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.statistics.ridge import Regression, bayesian_ridge, least_squares
from dbar.statistics.size import wrong_size

# Spread of the bags that trust and bands take, in sampling covariances: docs/theory/growth-of-m.md
ROOM = 3.0


class BaggedRegression:
    """Learning half of `dbar.forecast.VAR`, where parameters and attributes are described."""

    def __init__(self, order=1, n_bags=20, coverage=0.25, random_state=None, prior="evidence"):
        if order < 1:
            raise ValueError(f"order is {order}, expected an integer >= 1")
        if n_bags < 1:
            raise ValueError(f"n_bags is {n_bags}, expected an integer >= 1")
        if not 0.0 < coverage <= 1.0:
            raise ValueError(f"coverage is {coverage}, expected a number in (0, 1]")
        if prior not in ("evidence", "persistence", None):
            raise ValueError(f"prior is {prior!r}, expected 'evidence', 'persistence' or None")
        self.order, self.n_bags, self.coverage = order, n_bags, coverage
        self.random_state, self.prior = random_state, prior

    # ---- learning -------------------------------------------------------------------------

    def fit(self, trajectories):
        """Learn from a trajectory (T, K) or a list of them; forgets what was learnt before.

        The first one is replica 0, the next one 1, and so on: `partial_fit` continues them.

        Raises
        ------
        ValueError
            If a trajectory is not two-dimensional, not finite, of another K, or all are too short.
        """
        if isinstance(trajectories, np.ndarray) and trajectories.ndim == 2:
            trajectories = [trajectories]
        self._reset()
        for replica, X in enumerate(trajectories):
            X = self._checked(X, replica)
            steps = np.arange(self.order, len(X))
            self.moments_.add_batch(lagged(X, self.order), steps, replica)
            chain = self._chain(replica)
            for step in range(max(0, len(X) - self.order), len(X)):
                chain.push(step, X[step])
        return self._solve()

    def partial_fit(self, X, replica=0, start=None):
        """Continue trajectory `replica` with snapshots X (T, K) and solve again.

        The first of them follows the last one of that trajectory, from `fit` or from here, and the
        transition between the two is learnt. A number that has not been used begins a trajectory;
        so does any number after `fit_moments`, or of a model that was read from a file.

        Parameters
        ----------
        X : ndarray, shape (T, K)
        replica : int
        start : int, optional
            Index of the first snapshot; a value that does not follow on leaves a gap that no
            transition bridges. By default the snapshots follow on.

        Raises
        ------
        ValueError
            As `fit`.
        """
        if not hasattr(self, "moments_"):
            self._reset()
        X = self._checked(np.atleast_2d(X), replica)
        chain = self._chain(replica)
        step = (chain.last + 1 if chain.filled else 0) if start is None else int(start)
        for row in X:
            z = chain.push(step, row)
            if z is not None:
                self.moments_.add(z, step, replica)
            step += 1
        if self.moments_.count[0] >= 2:
            self._solve()
        return self

    def _chain(self, replica):
        chain = LagChain(self.moments_.size, self.order, stride=1)
        return self._chains.setdefault(replica, chain)

    def _reset(self):
        seed = self.random_state
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        self._seed, self._chains = int(seed), {}
        self.__dict__.pop("moments_", None)
        self.__dict__.pop("_fitted", None)

    def _checked(self, X, replica):
        X = np.asarray(X, dtype=float)
        if X.ndim != 2:
            raise ValueError(f"trajectory {replica} has shape {X.shape}, expected (T, K)")
        if not np.isfinite(X).all():
            t, k = np.argwhere(~np.isfinite(X))[0]
            raise ValueError(f"trajectory {replica} is {X[t, k]} at snapshot {t}, component {k}")
        wrong = wrong_size(X)
        if wrong:
            raise ValueError(f"trajectory {replica}: found {X.flat[wrong[0]]:g}, {wrong[1]}")
        if not hasattr(self, "moments_"):
            size = X.shape[1]
            self.moments_ = LaggedMoments(size, self.order, self.n_bags, self.coverage, self._seed)
        if X.shape[1] != self.moments_.size:
            raise ValueError(
                f"trajectory {replica} has {X.shape[1]} components, expected {self.moments_.size}"
            )
        return X

    def fit_moments(self, moments):
        """Learn from `LaggedMoments` gathered elsewhere (kept by reference)."""
        self.moments_, self._chains = moments, {}
        self.__dict__.pop("_fitted", None)
        return self._solve()

    def _solve(self):
        m, p = self.moments_, self.moments_.size * self.order
        n = m.count[0]
        if n < 2:
            raise ValueError(f"{int(n)} transitions of order {self.order}, at least 2 are needed")
        used = np.flatnonzero(m.count[1:] >= 2) + 1
        if len(used) < min(2, m.n_bags):
            raise ValueError(
                f"{len(used)} of {m.n_bags} bags hold 2 or more of the {int(n)} transitions "
                f"at coverage {m.coverage}: use more snapshots or a larger coverage"
            )
        fit, grown = self._fit_bags(used, p)
        self.regression_, size = fit, m.size
        self.bag_coef_ = fit.coef.reshape(-1, size, self.order, size).transpose(0, 2, 1, 3)
        self.bag_intercept_ = fit.intercept
        flat = fit.coef.mean(axis=0)
        self.coef_ = self.bag_coef_.mean(axis=0)
        self.intercept_ = fit.intercept.mean(axis=0)

        mx, my = m.mean[0, :p], m.mean[0, p:]
        c = m.comoment[0]
        cross, off = flat @ c[:p, p:], my - flat @ mx - self.intercept_
        rss = c[p:, p:] - cross - cross.T + flat @ c[:p, :p] @ flat.T + n * np.outer(off, off)
        rss = 0.5 * (rss + rss.T)
        # at least half the samples stay as degrees of freedom: small bags can claim more
        gamma = fit.effective.mean() if self.prior else fit.effective.max()
        self.dof_ = float(max(n - gamma - 1.0, 0.5 * n if self.prior else 1.0))
        self.n_transitions_ = float(n)
        self.noise_cov_, self.noise_cov_mle_ = rss / self.dof_, rss / n

        count = m.count[used]
        dof = np.maximum(count - fit.effective.mean(axis=1) - 1.0, np.maximum(0.5 * count, 1.0))
        noise = fit.residual[grown] / dof[grown, None, None]
        eig = np.empty((len(used), size)) if grown.all() else self.bag_noise_eig_.copy()
        eig[grown] = np.linalg.eigvalsh(noise)
        self.bag_noise_eig_ = eig
        f = self.coverage
        self.bag_scale_ = f / (1.0 - f) if len(used) > 1 and f < 1.0 else 0.0
        return self

    def _fit_bags(self, used, p):
        """Regression of the bags `used`, and which of them had grown: only those are solved."""
        m, count = self.moments_, self.moments_.count[used]
        key, old = (id(m), p, self.prior, used.tobytes()), self.__dict__.get("_fitted")
        grown = np.ones(len(used), dtype=bool)
        if old is not None and old[0] == key:
            grown = count != old[1]
            if not grown.any():
                return self.regression_, grown
        bags = used[grown]
        sums = (m.count[bags], m.mean[bags], m.comoment[bags])
        fit = self._regress(*sums)
        if not grown.all():
            parts = {}
            for field in fields(fit):
                value = np.array(getattr(self.regression_, field.name))
                value[grown] = getattr(fit, field.name)
                parts[field.name] = value
            fit = Regression(**parts)
        self._fitted = (key, count.copy())
        return fit, grown

    def _regress(self, count, mean, comoment):
        p, size = self.moments_.size * self.order, self.moments_.size
        if self.prior == "persistence":
            return _ridge_of_steps(count, mean, comoment, p, size)
        return (bayesian_ridge if self.prior else least_squares)(count, mean, comoment, p)

    def coef_of_all(self):
        """T_p (P, K, K) of one regression of all transitions, with the same prior.

        It is shrunk less than the mean over bags, `coef_`, and does not depend on the bags.
        """
        m = self.moments_
        coef = self._regress(m.count[:1], m.mean[:1], m.comoment[:1]).coef[0]
        return coef.reshape(m.size, self.order, m.size).transpose(1, 0, 2)

    # ---- spread over bags -----------------------------------------------------------------

    @property
    def epistemic_scale_(self):
        """Factor from covariances over bags to those that trust and bands take, 3 f/(1-f)."""
        return ROOM * self.bag_scale_

    @property
    def coef_cov_(self):
        """Covariance over bags of ``coef_.ravel()``, (P K K, P K K)."""
        flat = self.bag_coef_.reshape(len(self.bag_coef_), -1)
        return _scatter(flat)

    @property
    def intercept_cov_(self):
        """Covariance over bags of the intercept, (K, K)."""
        return _scatter(self.bag_intercept_)

    @property
    def noise_eig_cov_(self):
        """Covariance over bags of the ascending eigenvalues of S, (K, K)."""
        return _scatter(self.bag_noise_eig_)


def _ridge_of_steps(count, mean, comoment, p, size):
    """Ridge of D_{n+1} - D_n, so that coefficients shrink towards T_0 = 1 and not towards 0."""
    change = np.eye(p + size)
    change[np.arange(p, p + size), np.arange(size)] = -1.0
    fit = bayesian_ridge(count, mean @ change.T, change @ comoment @ change.T, p)
    # residuals, intercepts and precisions are those of the same fit in either form
    coef = fit.coef.copy()
    coef[:, np.arange(size), np.arange(size)] += 1.0
    return replace(fit, coef=coef)


def _scatter(samples):
    centred = samples - samples.mean(axis=0)
    return centred.T @ centred / max(len(samples) - 1, 1)
