"""What an ensemble has learnt: statistics that add up exactly, and the model refitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.forecast.var import VAR
from dbar.statistics.companion import affine
from dbar.statistics.intensive import per_atom
from dbar.statistics.latent import Latent
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.trust.mahalanobis import LIMIT, ForecastTrust, Mahalanobis

__all__ = ["Chunk", "Learner", "Model"]

_POINTS = 24  # chunk ends, at most, from which old forecasts are checked


@dataclass(frozen=True)
class Chunk:
    """Snapshots of one chunk of one replica.

    `D` (n, K+1), `values` (n, q) of the observables, `step` (n,) timesteps, `dtau` the time between
    two snapshots if it is known.
    """

    D: np.ndarray
    values: np.ndarray
    step: np.ndarray
    dtau: float | None = None


@dataclass(frozen=True)
class Model:
    """Latent VAR, trust and linear readout of the observables.

    `slopes` (d, q) and `offset` (q,) give observables from latent coordinates, with the residual
    covariance `noise` (q, q).
    """

    space: Latent
    var: VAR
    measure: Mahalanobis
    sigma_m2: float
    slopes: np.ndarray
    offset: np.ndarray
    noise: np.ndarray

    def affine(self, steps, bags=False):
        """Map of [lags, 1] over `steps` snapshots, (P d + 1, P d + 1), or one per bag."""
        coef = self.var.bag_coef_ if bags else self.var.coef_[None]
        intercept = self.var.bag_intercept_ if bags else self.var.intercept_[None]
        one = np.array([affine(*parts) for parts in zip(coef, intercept, strict=True)])
        with np.errstate(over="ignore", invalid="ignore"):
            out = np.linalg.matrix_power(one, int(steps))
        return out if bags else out[0]

    def lags(self, history):
        """State [lags newest first, 1] (.., P d + 1) of raw histories (.., P, K) in time order."""
        Y = self.space(history)[..., ::-1, :]
        flat = Y.reshape(*Y.shape[:-2], Y.shape[-2] * Y.shape[-1])
        return np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1)


class Learner:
    """Statistics of all replicas and the arrays that decisions need.

    Chunks have to be added in an order that does not depend on who finished first: then every
    number here is a function of the snapshots alone.

    Parameters
    ----------
    replicas, chunks, snapshots : int
        Replicas, chunks of a whole replica, snapshots of a chunk.
    names : list of str
        Observables.
    order, dimension, n_bags, coverage, seed
        Of the model, see `dbar.forecast.VAR`; `dimension` is the largest one.
    dtau : float
        Time between snapshots.
    start : dbar.study.EnsembleModel, optional
        Its statistics are learnt before those of the replicas.

    Attributes
    ----------
    progress : ndarray of int, shape (R,)
    values : ndarray, shape (R, T, q)
        Observables, NaN where a replica has not been.
    newest : ndarray, shape (R, P, K)
        Descriptors per atom, last P snapshots.
    grid : ndarray, shape (G,)
        Chunk counts at whose end histories are kept in `ends` (R, G, P, K).
    moments : dbar.statistics.moments.LaggedMoments
        Of the transitions of descriptors per atom, raw.
    joint : dbar.statistics.moments.LaggedMoments
        Of [descriptors per atom, observables] of all snapshots.
    model : Model or None
    """

    def __init__(
        self, replicas, chunks, snapshots, names, order=1, dimension=5, n_bags=20, coverage=0.25,
        seed=0, dtau=1.0, start=None,
    ):  # fmt: skip
        self.start = start
        self.replicas, self.chunks, self.snapshots = int(replicas), int(chunks), int(snapshots)
        if self.snapshots < order:
            raise ValueError(f"{snapshots} snapshots in a chunk, at least order = {order} needed")
        self.names, self.dtau = list(names), float(dtau)
        self.order, self.dimension = int(order), int(dimension)
        self.n_bags, self.coverage, self.seed = int(n_bags), float(coverage), int(seed)
        stride = -(-self.chunks // _POINTS)
        self.grid = np.unique(np.append(np.arange(0, self.chunks + 1, stride), self.chunks))
        self.progress = np.zeros(self.replicas, dtype=int)
        shape = (self.replicas, self.chunks * self.snapshots, len(self.names))
        self.values = np.full(shape, np.nan)
        self.moments = self.joint = self.newest = self.ends = self.model = None

    def add(self, replica: int, chunk: Chunk) -> None:
        """Learn the next chunk of a replica.

        Raises
        ------
        ValueError
            If the chunk has another size than the others or values that are not finite.
        """
        X, values = per_atom(chunk.D), np.asarray(chunk.values, dtype=float)
        if len(X) != self.snapshots or values.shape != (self.snapshots, len(self.names)):
            raise ValueError(
                f"replica {replica}: a chunk of {len(X)} snapshots and {values.shape[-1]} "
                f"observables, expected {self.snapshots} and {len(self.names)}"
            )
        if not (np.isfinite(X).all() and np.isfinite(values).all()):
            raise ValueError(f"replica {replica}: a snapshot has values that are not finite")
        if self.moments is None:
            self._allocate(X.shape[1])
        if chunk.dtau is not None:
            self.dtau = chunk.dtau
        done = self.progress[replica]
        if X.shape[1] != self.moments.size:
            raise ValueError(
                f"replica {replica}: {X.shape[1]} descriptors, expected {self.moments.size}"
            )
        past = self.newest[replica] if done else X[:0]
        linked = np.concatenate([past, X])
        steps = np.asarray(chunk.step)[-max(len(linked) - self.order, 0) :]
        if len(linked) > self.order:
            self.moments.add_batch(lagged(linked, self.order), steps, replica)
        self.joint.add_batch(np.hstack([X, values]), chunk.step, replica)
        self.newest[replica] = linked[-self.order :]
        first = done * self.snapshots
        self.values[replica, first : first + self.snapshots] = values
        self.progress[replica] = done + 1
        point = np.searchsorted(self.grid, done + 1)
        if self.grid[point] == done + 1:
            self.ends[replica, point] = self.newest[replica]

    def _allocate(self, size):
        self.moments = LaggedMoments(size, self.order, self.n_bags, self.coverage, self.seed)
        self.joint = LaggedMoments(size + len(self.names), 0, 0, 1.0, self.seed)
        if self.start is not None:
            self._begin_with(self.start, size)
        self.newest = np.full((self.replicas, self.order, size), np.nan)
        self.ends = np.full((self.replicas, len(self.grid), self.order, size), np.nan)

    def _begin_with(self, model, size):
        """Learn what a model was made of.

        Raises
        ------
        ValueError
            If it has another number of descriptors or other settings.
        """
        if model.moments_.size != size:
            raise ValueError(f"{size} descriptors, but the model has {model.moments_.size}")
        self.moments.merge(model.moments_)
        columns = [*range(size), *(size + model.names.index(name) for name in self.names)]
        self.joint.count[0] = float(model.snapshots_)
        self.joint.mean[0] = model.joint_mean_[columns]
        self.joint.comoment[0] = model.joint_comoment_[np.ix_(columns, columns)]

    def refit(self) -> Model | None:
        """Fit the model to everything learnt; None while there is too little."""
        if self.moments is None:
            return None
        count, mean, comoment = self.moments.snapshots()
        dim = min(self.dimension, int(count) // (4 * self.order))
        if dim < 1 or self.coverage * count < 8:
            return None
        try:
            space = Latent.fit(count, mean, comoment, dim)
        except ValueError:  # nothing varies yet
            return None
        stats = self.moments.project(space.shift, space.basis)
        var = VAR(
            self.order, n_bags=self.n_bags, coverage=self.coverage, prior="persistence",
            random_state=self.seed,
        )  # fmt: skip
        try:
            var.fit_moments(stats)
        except ValueError:  # bags that are still empty
            return None
        count, mean, comoment = stats.snapshots()
        measure = Mahalanobis().fit_cov(count, mean, comoment / count, stats.differences())
        runs = int((self.progress > 0).sum())
        time = float(self.progress.sum()) * self.snapshots * self.dtau
        if self.start is not None:
            runs += self.start.n_runs_
            time += self.start.n_runs_ * self.start.training_time_
        trust = ForecastTrust(var, measure, self.dtau, time / runs, runs, LIMIT)
        self.model = Model(space, var, measure, trust.sigma_m2_, *self._readout(space))
        return self.model

    def _readout(self, space):
        """Least squares of the observables on the latent coordinates, from the joint moments."""
        n, k = self.joint.count[0], self.moments.size
        mean, c = self.joint.mean[0], self.joint.comoment[0]
        inside = space.basis.T @ c[:k, :k] @ space.basis
        cross = space.basis.T @ c[:k, k:]
        slopes = np.linalg.lstsq(inside, cross, rcond=1e-10)[0]
        free = max(n - space.dim - 1.0, 0.5 * n)
        noise = (c[k:, k:] - slopes.T @ cross) / free
        return slopes, mean[k:] - (mean[:k] - space.shift) @ space.basis @ slopes, noise

    @property
    def scale(self):
        """Pooled standard deviation (q,) of the observables, 1 where it is not known."""
        if self.joint is None or self.joint.count[0] < 2:
            return np.ones(len(self.names))
        k = self.moments.size
        var = np.diag(self.joint.comoment[0])[k:] / (self.joint.count[0] - 1.0)
        return np.where(var > 0, np.sqrt(np.maximum(var, 0.0)), 1.0)
