"""How far a forecast can be trusted: Mahalanobis distance M and the bound on its forecast.

M(D) = (D - mu)^T Sigma^-1 (D - mu) / d         PRL 131, 236101, Eq. 4
M(t) = <M(D_t)> + sigma_M^2 t / dtau            Eq. 5; sigma_M^2 in docs/theory/growth-of-m.md
"""

from __future__ import annotations

import numpy as np

from dbar.statistics.latent import Latent
from dbar.statistics.size import wrong_size
from dbar.trust.ahead import expected_blocks, first_reach
from dbar.trust.growth import sigma_m2, sigma_m2_eq13

LIMIT = 2.0  # M at which a forecast counts as no longer trusted
_BLOCK = 64  # snapshots ahead at a time, a power of two


def oas(cov, n_samples):
    """Oracle approximating shrinkage of an empirical covariance (Chen et al. 2010).

    Parameters
    ----------
    cov : ndarray, shape (p, p)
        Empirical covariance, normalised by `n_samples`.
    n_samples : float

    Returns
    -------
    shrunk : ndarray, shape (p, p)
    shrinkage : float
        In [0, 1]. Equal to ``sklearn.covariance.oas`` except where its denominator is rounding
        noise (data whitened by their own covariance, where scikit-learn returns values like
        -1e19): there `cov` is its own shrinkage target and the shrinkage is 1.
    """
    p = len(cov)
    if p == 1:
        return np.array(cov, dtype=float), 0.0
    alpha = np.mean(cov**2)
    mu = np.trace(cov) / p
    spread = alpha - mu**2 / p
    if spread <= 1e-13 * alpha:
        shrinkage = 1.0
    else:
        shrinkage = min((alpha + mu**2) / ((n_samples + 1.0) * spread), 1.0)
    return (1.0 - shrinkage) * cov + shrinkage * mu * np.eye(p), float(shrinkage)


class Mahalanobis:
    """Distance M of a snapshot from the training data, with training mean exactly 1.

    OAS shrinks towards a multiple of the identity, so it means something only in coordinates in
    which the identity does. Here these are the coordinates in which the one-step differences of
    the training data have unit covariance: the target then says "every direction wanders equally
    far in units of its own noise", and the data decide how much of that survives. (Whitening by
    the covariance itself makes the OAS formula 0/0; standardised descriptors are so strongly
    correlated that the shrinkage swamps the small directions.)

    Parameters
    ----------
    n_components : int, optional
        Latent dimension for `fit`; default a third of the snapshots, at most the rank.

    Attributes
    ----------
    mean_ : ndarray, shape (K,)
    factor_ : ndarray, shape (K, d)
        M(D) is the mean over columns of ((D - mean_) @ factor_)**2.
    precision_ : ndarray, shape (K, K)
        Sigma^-1 (pseudo-inverse outside the latent space), factor_ @ factor_.T.
    shrinkage_ : float
    dim_ : int
    """

    def __init__(self, n_components=None):
        self.n_components = n_components

    def fit(self, D):
        """Learn from snapshots (T, K) in time order, or a list of trajectories.

        Raises
        ------
        ValueError
            With fewer than 4 snapshots, or values that are not finite.
        """
        parts = [D] if isinstance(D, np.ndarray) else list(D)
        parts = [np.asarray(part, dtype=float) for part in parts]
        X = np.concatenate(parts)
        if len(X) < 4:
            raise ValueError(f"{len(X)} snapshots, at least 4 are needed")
        if not np.isfinite(X).all():
            t, k = np.argwhere(~np.isfinite(X))[0]
            raise ValueError(f"descriptor {k} is {X[t, k]} at snapshot {t}")
        wrong = wrong_size(X)
        if wrong:
            t, k = np.unravel_index(wrong[0], X.shape)
            raise ValueError(f"descriptor {k} is {X[t, k]:g} at snapshot {t}, {wrong[1]}")
        mean = X.mean(axis=0)
        comoment = (X - mean).T @ (X - mean)
        max_dim = self.n_components or max(1, len(X) // 3)
        latent = Latent.fit(len(X), mean, comoment, max_dim)
        steps = np.concatenate([np.diff(latent(part), axis=0) for part in parts])
        Y = latent(X)
        self.fit_cov(len(X), np.zeros(latent.dim), Y.T @ Y / len(X), steps.T @ steps / len(steps))
        self.mean_ = latent.shift
        self.factor_ = latent.basis @ self.factor_
        return self

    def fit_cov(self, count, mean, cov, step_cov):
        """Learn from a mean, a covariance (1/n) and the covariance of one-step differences."""
        metric, _ = oas(step_cov, count)
        w, v = np.linalg.eigh(metric)
        # motion without noise has no scale of its own: a millionth of the spread stands in
        white = v / np.sqrt(np.maximum(w, 1e-12 * np.trace(cov) / len(mean)))
        inside = white.T @ cov @ white
        sigma, self.shrinkage_ = oas(inside, count)
        w, v = np.linalg.eigh(sigma)
        inner = v / np.sqrt(np.maximum(w, w[-1] * 1e-12))
        self.dim_ = len(mean)
        # what shrinkage takes from the mean training distance is given back as one factor
        level = np.einsum("ik,ij,jk->", inner, inside, inner) / self.dim_
        self.mean_, self.factor_ = np.asarray(mean, dtype=float), white @ inner / np.sqrt(level)
        return self

    @property
    def precision_(self):
        """Sigma^-1 (K, K)."""
        return self.factor_ @ self.factor_.T

    def score(self, D):
        """M of snapshots D (..., K), shape (...)."""
        return np.square((np.asarray(D) - self.mean_) @ self.factor_).mean(axis=-1)


class ForecastTrust:
    """Trust in the forecasts of a VAR: bounds on M, the time they hold, and what that gains.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted.
    mahalanobis : Mahalanobis
        Fitted on the training data of `model`, in the same coordinates.
    dtau : float
        Time between snapshots.
    training_time : float, optional
        tau_tr, length of a training trajectory; default all transitions over the replicas.
    n_replicas : int
        Number M of training trajectories.
    limit : float
        M at which a forecast counts as no longer trusted.
    growth : float
        Least growth of M per snapshot, from `dbar.study.drift_growth` for a bound that
        knows of slow drift.
    formula : {"bags", "eq13"}
        How sigma_M^2 is found: `dbar.trust.growth.sigma_m2`, or for comparison the published
        `sigma_m2_eq13` with its own floor, 1 / (1 / sigma_M^2 + tau_M / dtau).

    Attributes
    ----------
    tau_m_ : float
        tau_M = n_replicas * training_time.
    sigma_m2_ : float
        max(`sigma_m2`, dtau / tau_M, growth).
    """

    def __init__(
        self, model, mahalanobis, dtau=1.0, training_time=None, n_replicas=1, limit=2.0,
        growth=0.0, formula="bags",
    ):  # fmt: skip
        if formula not in ("bags", "eq13"):
            raise ValueError(f"formula is {formula!r}, expected 'bags' or 'eq13'")
        self.model, self.mahalanobis, self.dtau = model, mahalanobis, float(dtau)
        if training_time is None:
            training_time = model.n_transitions_ * self.dtau / n_replicas
        self.limit, self.tau_m_ = float(limit), float(n_replicas * training_time)
        floor = self.dtau / self.tau_m_
        if formula == "eq13":
            own = 1.0 / (1.0 / sigma_m2_eq13(model, mahalanobis) + 1.0 / floor)
        else:
            own = max(sigma_m2(model, mahalanobis), floor)
        self.sigma_m2_ = max(own, float(growth))

    def null(self, t):
        """M_0(t) = t / tau_M: the growth of M if nothing but the training time were known.

        It is 1 at tau_M, where the text of the paper reads 2.
        """
        return np.asarray(t, dtype=float) / self.tau_m_

    def expected(self, history, steps):
        """<M(D_t)> of the forecast distribution at 0, 1, ..., `steps` snapshots, (steps + 1,)."""
        out, filled = np.empty(steps + 1), 1
        out[0] = self.mahalanobis.score(np.asarray(history)[-1])
        blocks = expected_blocks(self.model, self.mahalanobis, history, _BLOCK)
        while filled <= steps:
            part = next(blocks)[: steps + 1 - filled]
            out[filled : filled + len(part)] = part
            filled += len(part)
        return out

    def bound(self, history, steps):
        """M(t) = <M(D_t)> + sigma_M^2 t / dtau at 0, 1, ..., `steps` snapshots."""
        return self.expected(history, steps) + self.sigma_m2_ * np.arange(steps + 1)

    def tau_pred(self, history):
        """First time at which M(t), linear between snapshots, reaches the limit of 2.

        Zero when the newest snapshot is beyond it already. Always finite: sigma_M^2 is above zero.
        """
        passed, last = 0.0, self.mahalanobis.score(np.asarray(history)[-1])
        with np.errstate(over="ignore", invalid="ignore"):
            for part in expected_blocks(self.model, self.mahalanobis, history, _BLOCK):
                t = passed + np.arange(len(part) + 1.0)
                bound = np.append(last, part) + self.sigma_m2_ * t
                (there,) = first_reach(t, bound[None], self.limit)
                if np.isfinite(there):
                    return float(self.dtau * there)
                passed, last = t[-1], part[-1]

    def efficiency(self, history=None):
        """Efficiency eta = tau_pred / tau_M: time forecast per time simulated.

        Without a history, of the steady state: <M> = 1, and the growth has 1 to go to the limit.
        """
        if history is None:
            return self.dtau * (self.limit - 1.0) / self.sigma_m2_ / self.tau_m_
        return self.tau_pred(history) / self.tau_m_
