"""Forecast of a new replica from an ensemble of replicas, with intervals and distances.

Everything that is stated about a new replica is calibrated on training replicas that are left
out (`dbar.statistics.folds`): how far replicas differ from each other cannot be read from pooled
snapshots.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.forecast.conformal import LocalConformal, RecentScale
from dbar.forecast.var import VAR
from dbar.statistics.companion import companion
from dbar.statistics.folds import splits
from dbar.statistics.latent import Latent
from dbar.trust.innovation import checked_trajectories
from dbar.trust.mahalanobis import ForecastTrust, Mahalanobis


class Intervals(NamedTuple):
    """Forecasts along one trajectory, row t for the one issued at snapshot t (NaN: none).

    `mean` (T, d), `widths` (T, L, d) half widths, `errors` (T, d) latent value minus mean.
    """

    mean: np.ndarray
    widths: np.ndarray
    errors: np.ndarray


def pooled_latent(trajectories, n_components):
    """Whitened principal components of all snapshots of some trajectories."""
    X = np.concatenate(trajectories)
    mean = X.mean(axis=0)
    return Latent.fit(len(X), mean, (X - mean).T @ (X - mean), n_components)


class EnsembleForecast:
    """Latent VAR of an ensemble with state-dependent conformal intervals at one horizon.

    Parameters
    ----------
    n_components : int
        Latent dimension.
    order : int
        Lags P.
    horizon : int
        Snapshots ahead.
    levels : sequence of float
        Nominal coverages.
    neighbours, rate
        Of `dbar.forecast.LocalConformal`. The state is the leading latent coordinate and the
        logarithm of the recent noise variance.
    memory : float
        Of `dbar.forecast.RecentScale`.
    model : dict, optional
        Settings of the `VAR`; least squares by default.

    Attributes
    ----------
    space_ : Latent
    var_ : VAR
    features_, errors_ : ndarray, shapes (N, 2), (N, d)
        Calibration, from training replicas forecast by a model of the others. Each has latent
        axes of its own, matched to those of `space_` (signs and order of close components can
        change), so that errors are comparable.
    """

    def __init__(
        self, n_components=10, order=5, horizon=10, levels=(0.5, 0.9), neighbours=60, rate=0.02,
        memory=10.0, model=None,
    ):  # fmt: skip
        if horizon < 1:
            raise ValueError(f"horizon is {horizon}, expected an integer >= 1")
        self.n_components, self.order, self.horizon = n_components, order, int(horizon)
        self.levels, self.neighbours, self.rate, self.memory = levels, neighbours, rate, memory
        self.model = model or dict(n_bags=1, coverage=1.0, prior=None, random_state=0)

    def fit(self, trajectories):
        """Learn from at least 3 replicas (T, K).

        Raises
        ------
        ValueError
            With fewer replicas, differing K, values that are not finite, or replicas shorter than
            order + horizon + 1.
        """
        parts = checked_trajectories(trajectories, 3)
        for r, X in enumerate(parts):
            if len(X) <= self.order + self.horizon:
                raise ValueError(
                    f"trajectory {r} has {len(X)} snapshots, expected more than "
                    f"{self.order + self.horizon} (order + horizon)"
                )
        self.space_ = pooled_latent(parts, self.n_components)
        found = {}
        for others, left in splits(parts):
            self._learn([parts[k] for k in others])
            for r in left:
                Y, ahead, feature = self._follow(parts[r])
                error = self._errors(Y, ahead)
                good = np.isfinite(error).all(axis=1) & np.isfinite(feature).all(axis=1)
                found[r] = feature[good], error[good]
        self._learn(parts)
        pairs = zip(*(found[r] for r in range(len(parts))), strict=True)
        self.features_, self.errors_ = (np.concatenate(column) for column in pairs)
        LocalConformal(self.features_, self.errors_, self.levels, self.neighbours, self.rate)
        return self

    def _learn(self, parts):
        self.var_ = VAR(self.order, **self.model).fit([self.space_(X) for X in parts])
        size, matrix = self.space_.dim, companion(self.var_.coef_)
        affine = np.eye(len(matrix) + 1)
        affine[:-1, :-1], affine[:size, -1] = matrix, self.var_.intercept_
        self._one = affine[:size]
        self._ahead = np.linalg.matrix_power(affine, self.horizon)[:size]
        w, v = np.linalg.eigh(self.var_.noise_cov_)
        self._whiten = v / np.sqrt(np.maximum(w, 1e-18))

    def _follow(self, X):
        Y, p, n = self.space_(X), self.order, len(X)
        lags = [Y[p - 1 - k : n - k] for k in range(p)]
        state = np.hstack([*lags, np.ones((n - p + 1, 1))])
        ahead = np.full((n, self.space_.dim), np.nan)
        ahead[p - 1 :] = state @ self._ahead.T
        square = np.full(n, np.nan)
        off = (Y[p:] - state[:-1] @ self._one.T) @ self._whiten
        square[p:] = np.square(off).mean(axis=1)
        scale = RecentScale(self.memory)
        log = np.array([2.0 * np.log(scale.update(s)) for s in square])
        return Y, ahead, np.column_stack([Y[:, 0], 2.0 * log])

    def _errors(self, Y, ahead):
        out = np.full_like(ahead, np.nan)
        out[: -self.horizon] = Y[self.horizon :] - ahead[: -self.horizon]
        return out

    def intervals(self, X):
        """Forecasts and intervals along a trajectory (T, K), each from what was known by then."""
        if np.ndim(X) != 2 or np.shape(X)[1] != len(self.space_.shift):
            raise ValueError(
                f"trajectory has shape {np.shape(X)}, expected (T, {len(self.space_.shift)})"
            )
        Y, ahead, feature = self._follow(np.asarray(X, dtype=float))
        errors = self._errors(Y, ahead)
        local = LocalConformal(
            self.features_, self.errors_, self.levels, self.neighbours, self.rate
        )
        widths = np.full((len(Y), len(local.levels), self.space_.dim), np.nan)
        for t in range(self.order - 1, len(Y)):
            back = t - self.horizon
            if back >= self.order - 1:
                local.update(errors[back], widths[back])
            widths[t] = local.widths(feature[t])
        return Intervals(ahead, widths, errors)


class EnsembleMahalanobis(Mahalanobis):
    """M for a new replica of an ensemble: mean exactly 1 over left-out training replicas.

    Replicas differ from each other by more than snapshots of one differ (vacancies, atoms), and R
    replicas tell little about that: pooled snapshots make a new replica look foreign from its
    first snapshot on. Therefore (i) the covariance B of the replicas' offsets is enlarged,
    Sigma = pooled + enlargement x B, and (ii) the level of M is set by replicas scored with the
    latent space and the Sigma of the others. Give descriptors, not latent coordinates: a latent
    space that has seen a replica is one in which the replica varies much and is near.

    Parameters
    ----------
    n_components : int
        Latent dimension.
    enlargement : float, optional
        By default that of (0, 1, 3, 10, 30) for which M of the left-out replicas, at mean 1, has
        the smallest 95 % quantile: what differs between replicas counts for little, what is common
        to all of them (and would be news) for much.

    Attributes
    ----------
    enlargement_ : float
    left_out_ : list of ndarray
        M of each training replica from the others; the mean of all is 1.
    space_ : Latent
        Of all replicas; `in_latent` is the same distance in its coordinates.
    """

    def __init__(self, n_components=30, enlargement=None):
        super().__init__(n_components)
        self.enlargement = enlargement

    def fit(self, trajectories):
        """Learn from at least 4 replicas (T, K) of equal length, aligned in time.

        Raises
        ------
        ValueError
            With fewer or unequal replicas, differing K, or values that are not finite.
        """
        parts = checked_trajectories(trajectories, 4)
        if len({len(X) for X in parts}) != 1:
            raise ValueError(f"replicas of lengths {sorted({len(X) for X in parts})}, expected one")
        if len(parts[0]) < 4:
            raise ValueError(f"{len(parts[0])} snapshots, at least 4 are needed")
        grid = (0.0, 1.0, 3.0, 10.0, 30.0) if self.enlargement is None else (self.enlargement,)
        found = {}
        for others, left in splits(parts):
            known = self._project([parts[k] for k in others])
            for kappa in grid:
                self._enlarge(*known, kappa)
                found |= {(kappa, r): self.score(parts[r]) for r in left}
        best = None
        for kappa in grid:
            scores = [found[kappa, r] for r in range(len(parts))]
            level = float(np.mean(np.concatenate(scores)))
            tail = float(np.quantile(np.concatenate(scores), 0.95)) / level
            if best is None or tail < best[0]:
                best = tail, kappa, level, scores
        _, self.enlargement_, self._level, scores = best
        self._enlarge(*self._project(parts), self.enlargement_)
        self.factor_ = self.factor_ / np.sqrt(self._level)
        self.left_out_ = [s / self._level for s in scores]
        self.shrinkage_ = 0.0
        return self

    def in_latent(self):
        """The same distance as a `Mahalanobis` in the coordinates of `space_`."""
        out = Mahalanobis(self.space_.dim)
        out.mean_, out.dim_, out.shrinkage_ = np.zeros(self.dim_), self.dim_, 0.0
        out.factor_ = self._inner / np.sqrt(self._level)
        return out

    def of_others(self, parts, left):
        """The distance, with this level and enlargement, of the replicas but number `left`.

        One number or several.
        """
        out = EnsembleMahalanobis(self.n_components, self.enlargement_)
        out._level = self._level
        others = [parts[k] for k in np.delete(np.arange(len(parts)), left)]
        out._enlarge(*out._project(others), self.enlargement_)
        return out

    def _project(self, parts):
        """Latent space of replicas, covariance of their snapshots, their offsets, how many."""
        space = pooled_latent(parts, self.n_components)
        Y = np.array([space(X) for X in parts])
        offsets = (Y - Y.mean(axis=0)).mean(axis=1)
        flat = Y.reshape(-1, space.dim)
        return space, flat.T @ flat / len(flat), offsets, len(parts)

    def _enlarge(self, space, pooled, offsets, count, kappa):
        sigma = pooled + kappa * offsets.T @ offsets / (count - 1)
        w, v = np.linalg.eigh(sigma)
        self.space_, self.mean_, self.dim_ = space, space.shift, space.dim
        self._inner = v / np.sqrt(w)
        self.factor_ = space.basis @ self._inner


def drift_growth(trajectories, mahalanobis, quantile=0.9, model=None):
    """Growth of M per snapshot by drift that the forecast does not see, from the replicas alone.

    Each replica is forecast from the middle of its record by a model of the first halves of the
    others. By how much its M exceeds the forecast, over the time ahead, is averaged over the
    second, third and last quarter of the horizon; of the replicas the `quantile` is taken, of the
    quarters the largest. ``ForecastTrust(..., growth=drift_growth(...))`` makes a bound that
    knows of drift, which neither process noise nor the spread of bags can do.

    Parameters
    ----------
    trajectories : list of ndarray (T, d)
        Training replicas in the coordinates of the model, at least 3; descriptors (T, K) with an
        `EnsembleMahalanobis`.
    mahalanobis : Mahalanobis
        Fitted in the same coordinates. An `EnsembleMahalanobis` of these replicas judges each in
        the latent space and by the distance of the others.
    quantile : float
    model : dict, optional
        Settings of the `VAR`.

    Returns
    -------
    float
        Zero if the forecasts keep up.
    """
    parts = checked_trajectories(trajectories, 3)
    model = model or dict(prior="persistence", random_state=0)
    half = min(len(Y) for Y in parts) // 2
    quarter = half // 4
    if quarter < 1:
        raise ValueError(f"replicas of {2 * half} snapshots, at least 8 are needed")
    ahead = np.arange(1, 4 * quarter + 1)
    slopes = []
    latents, measure = parts, mahalanobis
    for train, left in splits(parts):
        if isinstance(mahalanobis, EnsembleMahalanobis):
            others = mahalanobis.of_others(parts, left)
            latents, measure = [others.space_(X) for X in parts], others.in_latent()
        trust = ForecastTrust(VAR(**model).fit([latents[k][:half] for k in train]), measure)
        for Y in (latents[r] for r in left):
            expected = trust.expected(Y[:half], len(ahead))[1:]
            excess = measure.score(Y[half : half + len(ahead)]) - expected
            slopes.append(
                excess.reshape(4, quarter).mean(axis=1) / ahead.reshape(4, quarter).mean(axis=1)
            )
    return float(max(np.quantile(np.array(slopes)[:, 1:], quantile, axis=0).max(), 0.0))
