"""Ensembles a hundred times larger than those simulated (PRL 131, 236101, Fig. 3 e-h)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field

import numpy as np

from dbar.estimators.front import check_finite
from dbar.estimators.validation import stack
from dbar.statistics.companion import noise_factor
from dbar.trust.mahalanobis import oas

__all__ = ["InitialConditions", "Resampled", "linear_decoder", "resample"]


class InitialConditions:
    """Gaussian distribution of starting points, from a window of an ensemble.

    Parameters
    ----------
    window : (int, int)
        Snapshots [first, last) of every trajectory that the ensemble starts from.
    order : int
        Lags P of the model to be started: consecutive snapshots are drawn together, so that
        their correlation is kept.
    shrink : bool
        Shrink the covariance (OAS) towards a multiple of the identity. Meant for whitened
        latent coordinates and windows with few snapshots.

    Attributes
    ----------
    mean_ : ndarray, shape (P d,)
        Of histories with the newest snapshot first.
    cov_ : ndarray, shape (P d, P d)
        Normalised by the number of histories less one (before any shrinkage).
    n_histories_ : int
    """

    def __init__(self, window, order=1, shrink=False):
        self.window, self.order, self.shrink = tuple(window), order, shrink

    def fit(self, trajectories):
        """Learn from latent trajectories, a list of (T_i, d).

        Raises
        ------
        ValueError
            If the window does not fit, has no P consecutive snapshots, or fewer than two
            histories in all; or for values that are not finite.
        """
        if isinstance(trajectories, np.ndarray) and trajectories.ndim == 2:
            trajectories = [trajectories]
        first, last = self.window
        if not 0 <= first < last or last - first < self.order:
            raise ValueError(
                f"window is {self.window}, expected 0 <= first < last and at least "
                f"{self.order} snapshots"
            )
        stack(trajectories)
        histories = []
        for k, X in enumerate(trajectories):
            if len(X) < last:
                raise ValueError(
                    f"trajectory {k} has {len(X)} snapshots, the window ends at {last}"
                )
            X = np.asarray(X, dtype=float)
            for end in range(first + self.order, last + 1):
                histories.append(X[end - self.order : end][::-1].ravel())
        if len(histories) < 2:
            raise ValueError("1 history in the window, at least 2 are needed for a covariance")
        H = np.array(histories)
        self.n_histories_, self.dim_ = len(H), H.shape[1] // self.order
        self.mean_ = H.mean(axis=0)
        self.cov_ = np.cov(H.T).reshape(H.shape[1], H.shape[1])
        if self.shrink:
            self.cov_ = oas(self.cov_, len(H))[0]
        return self

    def sample(self, n, random_state=None):
        """Draw histories (n, P, d) in time order: the last of axis 1 is the newest snapshot."""
        rng = np.random.default_rng(random_state)
        size = len(self.mean_)
        flat = self.mean_ + rng.standard_normal((n, size)) @ noise_factor(self.cov_).T
        return flat.reshape(n, self.order, self.dim_)[:, ::-1]


@dataclass(frozen=True)
class Resampled:
    """Distributions through time of a resampled ensemble.

    Attributes
    ----------
    mean : ndarray, shape (steps + 1, d)
        Of the latent state; row 0 is the start.
    cov : ndarray, shape (steps + 1, d, d)
    values : dict of ndarray, shape (steps + 1, n)
        Each estimator's value in every member.
    final : ndarray, shape (n, P, d)
        Last histories in time order, from which the ensemble can go on.
    """

    mean: np.ndarray
    cov: np.ndarray
    final: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def quantiles(self, name, q=(0.05, 0.25, 0.5, 0.75, 0.95)):
        """Quantiles (steps + 1, len(q)) of an estimator over the ensemble."""
        return np.quantile(self._of(name), q, axis=1).T

    def density(self, name, bins=60):
        """Histogram density of an estimator at each time (a heat map).

        Returns
        -------
        edges : ndarray, shape (bins + 1,)
        density : ndarray, shape (steps + 1, bins)
            Each row integrates to 1.
        """
        values = self._of(name)
        edges = np.histogram_bin_edges(values, bins)
        rows = [np.histogram(row, edges, density=True)[0] for row in values]
        return edges, np.array(rows)

    def _of(self, name):
        if name not in self.values:
            raise KeyError(f"no estimator {name!r}, expected one of {', '.join(self.values)}")
        return self.values[name]


def resample(
    model, initial, steps, n=1600, estimators=None, decode=None, epistemic=False, noise=True,
    random_state=None,
):  # fmt: skip
    """Propagate an ensemble of trajectories and follow estimators along it.

    All members advance together, a snapshot at a time; only the latest state is kept, and one
    number per estimator, member and time.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted in the coordinates of `initial`.
    initial : InitialConditions, or ndarray (n, P, d)
        Where members start (given as histories, `n` is their number).
    steps : int
    n : int
        Members; the paper takes 100 times the simulated ones.
    estimators : dict, optional
        Name -> fitted estimator (`predict`) or callable, from (n, K+1) to (n,).
    decode : callable, optional
        From latent states (n, d) to what the estimators take (see `linear_decoder`); by default
        they take the latent state.
    epistemic : bool
        Draw the model's parameters once for each member, from their spread over bags.
    noise : bool
        Add to each estimator's value a draw of its own predictive standard deviation, where it
        has one, so that the distribution is of what would be observed.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Resampled

    Raises
    ------
    ValueError
        If the starting points do not fit the model, or the ensemble leaves the range of floats
        (an unstable model propagated too far).
    """
    rng = np.random.default_rng(random_state)
    start = initial.sample(n, rng) if hasattr(initial, "sample") else np.asarray(initial, float)
    size = len(model.intercept_)
    if start.ndim != 3 or start.shape[1] < model.order or start.shape[2] != size:
        raise ValueError(
            f"histories have shape {start.shape}, expected (n, at least {model.order}, {size})"
        )
    check_finite("initial", start)
    n, steps = len(start), int(steps)
    if n < 2 or steps < 0:
        raise ValueError(f"n is {n} and steps {steps}, expected n >= 2 and steps >= 0")
    state = start[:, ::-1][:, : model.order].reshape(n, -1)
    if epistemic:
        coef, intercept = model.draw_parameters(n, rng)
    else:
        coef = model.coef_.transpose(1, 0, 2).reshape(size, -1)
        intercept = model.intercept_
    root = noise_factor(model.noise_cov_).T
    # a stream of its own, so that the trajectories do not depend on who watches them
    own = np.random.default_rng(rng.integers(2**63))
    watch = _Watch(estimators or {}, decode, noise, own, steps, n)
    mean, cov = np.empty((steps + 1, size)), np.empty((steps + 1, size, size))
    for k in range(steps + 1):
        if k:
            with np.errstate(over="ignore", invalid="ignore"):
                moved = np.einsum("nij,nj->ni", coef, state) if epistemic else state @ coef.T
            new = moved + intercept + rng.standard_normal((n, size)) @ root
            state = np.concatenate([new, state[:, :-size]], axis=1)
        now = state[:, :size]
        if not (np.abs(now) < 1e100).all():  # the square must be a number as well
            raise ValueError(
                f"the ensemble is beyond 1e100 at step {k} of {steps}: the model is unstable "
                "(spectral radius above 1), use fewer steps"
            )
        mean[k], cov[k] = now.mean(axis=0), np.cov(now.T).reshape(size, size)
        watch(k, now)
    final = state.reshape(n, model.order, size)[:, ::-1]
    return Resampled(mean, cov, final, watch.values)


class _Watch:
    """Evaluates the estimators on the ensemble at each time."""

    def __init__(self, estimators, decode, noise, rng, steps, n):
        self.decode, self.rng = decode, rng
        self.functions = {}
        for name, estimator in estimators.items():
            function = getattr(estimator, "predict", estimator)
            spread = noise and "return_std" in inspect.signature(function).parameters
            self.functions[name] = (function, spread)
        self.values = {name: np.empty((steps + 1, n)) for name in self.functions}

    def __call__(self, k, now):
        if not self.functions:
            return
        D = now if self.decode is None else self.decode(now)
        for name, (function, spread) in self.functions.items():
            if spread:
                mean, std = function(D, return_std=True)
                value = mean + std * self.rng.standard_normal(len(now))
            else:
                value = np.asarray(function(D))
            if value.shape != (len(now),):
                raise ValueError(f"estimator {name} gives shape {value.shape}, expected one number")
            self.values[name][k] = value


def linear_decoder(latent, D):
    """Map from latent coordinates back to descriptors, the least-squares one over data.

    For principal components this is the reconstruction from the kept ones. What lies outside the
    latent space is set to its mean.

    Parameters
    ----------
    latent : list of ndarray (T_i, d)
    D : list of ndarray (T_i, K+1)
        The same snapshots.

    Returns
    -------
    callable
        From (n, d) to (n, K+1).
    """
    Y, X, _ = stack(latent, D)
    check_finite("D", X)
    mean_y, mean_x = Y.mean(axis=0), X.mean(axis=0)
    back = np.linalg.lstsq(Y - mean_y, X - mean_x, rcond=None)[0]
    return lambda y: mean_x + (np.asarray(y) - mean_y) @ back
