"""Change told from drift: squared innovations of a de-trended forecast, trained on an ensemble.

M leaves the training range with any load that goes on. The one-step innovation does not, but
beyond the training range it acquires a bias that grows slowly (the response is not quite linear)
and differs from replica to replica. Here the mean of the recent innovations is taken off first:
what remains measures fluctuation and sudden change, not drift. docs/theory/trust.md.
"""

from __future__ import annotations

import numpy as np

from dbar.statistics.folds import splits
from dbar.statistics.latent import Latent
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.statistics.ridge import least_squares
from dbar.trust.rank_level import rank_level


def detrended(errors, memory, gap, least):
    """Squares of whitened innovations about their recent mean, over their expectation.

    Parameters
    ----------
    errors : ndarray, shape (N, d)
        Innovations in units of their training covariance.
    memory, gap : int
        The mean is that of the `memory` innovations that end `gap` before the present one.
    least : int
        Innovations that the mean needs; before that the result is NaN.

    Returns
    -------
    ndarray, shape (N,)
        |e_n - m_n|^2 / d / (1 + 1/k) with m_n the mean of k innovations; 1 on average without
        change.
    """
    n, d = errors.shape
    total = np.vstack([np.zeros(d), np.cumsum(errors, axis=0)])
    stop = np.maximum(np.arange(n) - gap, 0)
    start = np.maximum(stop - memory, 0)
    count = stop - start
    safe = np.maximum(count, 1)
    off = errors - (total[stop] - total[start]) / safe[:, None]
    out = np.square(off).mean(axis=1) / (1.0 + 1.0 / safe)
    out[count < least] = np.nan
    return out


class InnovationTrust:
    """Alarm at change, silent under drift; learnt from replicas of the same process.

    A latent space and a VAR (least squares) are fitted to the replicas. The score of a snapshot
    is the mean of the last `window` de-trended squared innovations (`detrended`). The alarm level
    is a rank among the scores of the training replicas (`dbar.trust.rank_level`), each scored by
    a model of the others (`dbar.statistics.folds`): a new replica is as foreign to its model as
    they are to theirs. Nothing is assumed about the distribution of the noise.

    Parameters
    ----------
    n_components : int
        Latent dimension; `choose_dimension` finds one.
    order : int
        Lags P.
    window : int
        Innovations averaged in the score.
    memory, gap, least : int
        See `detrended`. `memory` has to be shorter than the time in which the drift changes and
        long against `window`.
    false_alarm : float
        Wanted rate per snapshot. With fewer than 1/false_alarm scores the level is the largest
        of them, and `rate_` says what that promises.

    Attributes
    ----------
    level_ : float
        Score at which the alarm is raised.
    rate_, rate_bound_ : float
        Share of the snapshots of an undisturbed replica expected above the level, and the share
        that correlation between scores may make of it.
    effective_ : float
        Independent scores behind the level.
    left_out_ : list of ndarray
        Scores of the training replicas, each from a model of the others.
    coef_, intercept_, whiten_ : ndarray, shapes (d, P d), (d,), (d, d)
    space_ : Latent
    """

    def __init__(
        self, n_components=10, order=1, window=3, memory=12, gap=2, least=6, false_alarm=1e-3
    ):
        for name, value in (
            ("n_components", n_components), ("order", order), ("window", window), ("least", least)
        ):  # fmt: skip
            if value < 1:
                raise ValueError(f"{name} is {value}, expected an integer >= 1")
        if memory < least or gap < 0:
            raise ValueError(f"memory {memory} and gap {gap}: expected >= {least} (least) and >= 0")
        if not 0.0 < false_alarm < 1.0:
            raise ValueError(f"false_alarm is {false_alarm}, expected a number in (0, 1)")
        self.n_components, self.order, self.window = int(n_components), int(order), int(window)
        self.memory, self.gap, self.least = int(memory), int(gap), int(least)
        self.false_alarm = float(false_alarm)

    def fit(self, trajectories):
        """Learn from a list of trajectories (T, K) of the undisturbed process.

        Raises
        ------
        ValueError
            With fewer than 3 trajectories, differing K, values that are not finite, a trajectory
            too short to be scored, or too few transitions for `n_components`.
        """
        parts = checked_trajectories(trajectories, 3)
        short = self.order + self.gap + self.least + self.window
        for r, X in enumerate(parts):
            if len(X) < short:
                raise ValueError(f"trajectory {r} has {len(X)} snapshots, at least {short} needed")
        self.left_out_ = self._scores_of_others(parts, parts)
        self._learn(parts)
        found = rank_level(self.left_out_, self.false_alarm)
        self.level_, self.effective_ = found.level, found.effective
        self.rate_, self.rate_bound_ = found.rate, found.bound
        return self

    def _scores_of_others(self, parts, paths):
        """Scores of each path by a model of other parts."""
        scores = {}
        for others, left in splits(parts):
            self._learn([parts[k] for k in others])
            scores |= {k: self.score(paths[k]) for k in left}
        return [scores[k] for k in range(len(parts))]

    def _learn(self, parts):
        X, p = np.concatenate(parts), self.order
        mean = X.mean(axis=0)
        self.space_ = Latent.fit(len(X), mean, (X - mean).T @ (X - mean), self.n_components)
        d = self.space_.dim
        moments = LaggedMoments(d, p, 0)
        for r, part in enumerate(parts):
            Y = self.space_(part)
            moments.add_batch(lagged(Y, p), np.arange(p, len(Y)), r)
        dof = moments.count[0] - p * d - 1.0
        if dof < 2 * d:
            raise ValueError(
                f"{int(moments.count[0])} transitions for {d} latent dimensions and order {p}, "
                f"at least {(p + 2) * d + 1} are needed"
            )
        fit = least_squares(moments.count, moments.mean, moments.comoment, p * d)
        self.coef_, self.intercept_ = fit.coef[0], fit.intercept[0]
        w, v = np.linalg.eigh(fit.residual[0] / dof)
        # data without noise: an error of 1e-9 of the training spread is never news
        self.whiten_ = v / np.sqrt(np.maximum(w, 1e-18))

    def innovations(self, D):
        """Whitened one-step innovations (T - P, d) of a trajectory D (T, K)."""
        D = np.asarray(D, dtype=float)
        if D.ndim != 2 or D.shape[1] != len(self.space_.shift):
            raise ValueError(
                f"trajectory has shape {D.shape}, expected (T, {len(self.space_.shift)})"
            )
        z = lagged(self.space_(D), self.order)
        p = self.order * self.space_.dim
        return (z[:, p:] - z[:, :p] @ self.coef_.T - self.intercept_) @ self.whiten_

    def signal(self, D):
        """De-trended squared innovation over its expectation, (T,); NaN while it is learnt."""
        square = detrended(self.innovations(D), self.memory, self.gap, self.least)
        return np.concatenate([np.full(min(self.order, len(D)), np.nan), square])

    def score(self, D):
        """Mean of the last `window` signals at each snapshot, (T,); uses no later snapshot."""
        z = self.signal(D)
        out = np.full(len(z), np.nan)
        if len(z) >= self.window:
            rows = np.lib.stride_tricks.sliding_window_view(z, self.window)
            out[self.window - 1 :] = rows.mean(axis=1)
        return out

    def first_alarm(self, D):
        """Index of the first snapshot whose score exceeds the alarm level, or None."""
        return _first(self.score(D), self.level_)

    def expected_false_alarms(self, snapshots):
        """Snapshots above the level among so many undisturbed ones: to expect, and at most."""
        return self.rate_ * snapshots, self.rate_bound_ * snapshots


def choose_dimension(trajectories, training, events, dims, early, late, **settings):
    """Latent dimension of `InnovationTrust` from training replicas whose change is known.

    For each dimension, every replica is scored by a model of the others, trained on the first
    `training` snapshots of each, and counts if its first alarm falls within [event - early,
    event + late]. Of all dimensions whose count is within one standard error of the best the
    smallest is taken (Breiman et al. 1984): the best count itself is chosen by chance.

    Parameters
    ----------
    trajectories : list of ndarray (T, K)
        Complete paths.
    training : int
        Snapshots of each path that belong to the undisturbed process.
    events : sequence of int
        Snapshot of the change in each.
    dims : sequence of int
    early, late : int
        Tolerance in snapshots.
    **settings
        Of `InnovationTrust`.

    Returns
    -------
    dimension : int
    counts : dict
        Replicas in time for each dimension.
    """
    paths = checked_trajectories(trajectories, 4)
    if len(events) != len(paths):
        raise ValueError(f"{len(events)} events for {len(paths)} trajectories, expected as many")
    dims, counts = sorted(int(d) for d in dims), {}
    for d in dims:
        trust = InnovationTrust(d, **settings)
        scores = trust._scores_of_others([X[:training] for X in paths], paths)
        level = rank_level([s[:training] for s in scores], trust.false_alarm).level
        first = [_first(s, level) for s in scores]
        counts[d] = sum(
            f is not None and -early <= f - e <= late for f, e in zip(first, events, strict=True)
        )
    n, best = len(paths), max(counts.values())
    share = min(max(best / n, 1.0 / n), 1.0 - 1.0 / n)
    error = np.sqrt(n * share * (1.0 - share))
    return next(d for d in dims if counts[d] >= best - error), counts


def checked_trajectories(trajectories, least):
    """The trajectories as float arrays (T, K), or a ValueError that says what is wrong."""
    parts = [np.asarray(X, dtype=float) for X in trajectories]
    if len(parts) < least:
        raise ValueError(f"{len(parts)} trajectories, at least {least} are needed")
    for r, X in enumerate(parts):
        if X.ndim != 2 or X.shape[1] != parts[0].shape[-1]:
            raise ValueError(
                f"trajectory {r} has shape {X.shape}, expected (T, {parts[0].shape[-1]})"
            )
        if not np.isfinite(X).all():
            t, k = np.argwhere(~np.isfinite(X))[0]
            raise ValueError(f"trajectory {r} is {X[t, k]} at snapshot {t}, component {k}")
    return parts


def _first(score, level):
    over = np.flatnonzero(score > level)
    return int(over[0]) if len(over) else None
