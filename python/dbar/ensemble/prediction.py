"""From what was learnt to numbers per replica and to the means of the ensemble.

Everything is done for all replicas at once: loops go over chunks, not over replicas.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.ensemble.learner import Learner
from dbar.trust.ahead import Horizons
from dbar.trust.mahalanobis import LIMIT

__all__ = ["Estimate", "Prospect", "error_table", "estimate", "prospect"]

_DONORS = 512  # replicas, at most, whose old forecasts are checked
_PRIOR = 2.0  # replicas that the model's own variance counts for


class Prospect(NamedTuple):
    """Per replica: `M` (R,), `tau_pred` (R,) in time, `mean` and `std` (R, q) at the horizon."""

    M: np.ndarray
    tau_pred: np.ndarray
    mean: np.ndarray
    std: np.ndarray


class Estimate(NamedTuple):
    """Ensemble at every snapshot: `mean`, `std` over replicas and `error` of the mean, (T, q)."""

    mean: np.ndarray
    std: np.ndarray
    error: np.ndarray


def prospect(learner: Learner) -> Prospect:
    """Forecast every replica to the horizon.

    M(t) = <M(D_t)> + sigma_M^2 t / dtau and tau_pred, M(tau_pred) = 2, as in
    `dbar.trust.ForecastTrust`; a tau_pred beyond the horizon is given as the length of a replica.
    `std` holds process noise, readout and the spread over bags.
    """
    R, q = learner.replicas, len(learner.names)
    M, tau = np.full(R, np.nan), np.zeros(R)
    mean, std = np.full((R, q), np.nan), np.full((R, q), np.nan)
    model = learner.model
    ran = np.flatnonzero(learner.progress)
    if model is None or not len(ran):
        return Prospect(M, tau, mean, std)
    state = model.lags(learner.newest[ran])
    size = model.space.dim
    M[ran] = model.measure.score(state[:, :size])
    tau[ran] = _tau_pred(learner, state, M[ran])
    left = (learner.chunks - learner.progress[ran]) * learner.snapshots
    for steps in np.unique(left):
        rows = np.flatnonzero(left == steps)
        here = ran[rows]
        if steps == 0:
            mean[here], std[here] = learner.values[here, -1], 0.0
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            ahead = state[rows] @ model.affine(steps)[:size].T
            mean[here] = ahead @ model.slopes + model.offset
            bags = np.einsum("bij,iq->bjq", model.affine(steps, bags=True)[:, :size], model.slopes)
            spread = np.tensordot(state[rows], bags, axes=([1], [1])).var(axis=1, ddof=1)
            spread *= model.var.epistemic_scale_
            std[here] = np.sqrt(_variance(model, [steps])[0] + spread)
    return Prospect(M, tau, mean, std)


def _tau_pred(learner, state, now):
    model, horizon = learner.model, learner.chunks * learner.snapshots
    measure = model.measure
    ahead = Horizons(
        model.affine(1), model.var.noise_cov_, measure.mean_, measure.factor_, model.sigma_m2,
        LIMIT, horizon, 32,
    )  # fmt: skip
    return ahead.reach(state, now) * learner.dtau


def _variance(model, leads):
    """Variance (len(leads), q) of the observables by process noise and readout."""
    with np.errstate(over="ignore", invalid="ignore"):
        cov = model.var.forecast_cov(int(max(leads)))[np.asarray(leads) - 1]
        moved = np.einsum("iq,tij,jq->tq", model.slopes, cov, model.slopes)
    return np.maximum(np.nan_to_num(moved, nan=1e300), 0.0) + np.maximum(np.diag(model.noise), 0.0)


def error_table(learner: Learner) -> np.ndarray:
    """Squared error (G, G) of the forecast of one replica between two points of the grid.

    Observables are taken in units of their pooled standard deviation and summed. Forecasts of
    replicas that have since been at the later point are checked; the model's own variance counts
    like two such replicas. From the start (row 0), where nothing is known of a replica, the error
    is how much replicas differ.
    """
    grid, model, scale = learner.grid, learner.model, learner.scale
    G, q = len(grid), len(learner.names)
    out = np.triu(np.full((G, G), float(q)), 1)
    donors = np.argsort(-learner.progress, kind="stable")[:_DONORS]
    progress = learner.progress[donors]
    paces = [] if model is None else [np.array(1), *np.diff(grid)]
    moves = {int(p): model.affine(p * learner.snapshots) for p in paces}
    if model is not None:
        noise = _variance(model, np.arange(1, learner.chunks * learner.snapshots + 1)) / scale**2
        lags = model.lags(learner.ends[donors])
    for o in range(G - 1):
        state = None
        for t in range(o + 1, G):
            there = np.flatnonzero(progress >= grid[t])
            values = learner.values[donors[there], grid[t] * learner.snapshots - 1]
            if o and model is not None:
                state = lags[:, o] if state is None else state
                with np.errstate(over="ignore", invalid="ignore"):
                    state = state[: len(there)] @ moves[int(grid[t] - grid[t - 1])].T
                    ahead = state[:, : model.space.dim] @ model.slopes + model.offset
                values = values - ahead
                prior = noise[(grid[t] - grid[o]) * learner.snapshots - 1].sum()
            else:
                prior = float(q)
            found, n = 0.0, len(there)
            if n >= 2:
                found = float((values.var(axis=0, ddof=1) / scale**2).sum())
            # the values have a spread of q in these units: no forecast need be worse than that
            prior = min(prior, float(q))
            out[o, t] = (max(n - 1, 0) * found + _PRIOR * prior) / (max(n - 1, 0) + _PRIOR)
    return np.nan_to_num(out, nan=float(q))


def estimate(learner: Learner) -> Estimate:
    """Mean and spread of the observables over the ensemble, simulated or forecast.

    Where a replica has not been, its forecast stands in, corrected by the mean error that the
    same forecast made for the replicas that have been there. The spread has the scatter of those
    errors (or the model's own variance where nobody was) added. Replicas that never ran count as
    draws from those that have been there.
    """
    R, T, _ = learner.values.shape
    total, square, own = (np.zeros(learner.values.shape[1:]) for _ in range(3))
    shared = np.zeros_like(total)
    reached = np.repeat(
        [(learner.progress > c).sum() for c in range(learner.chunks)], learner.snapshots
    ).astype(float)
    for done in np.unique(learner.progress):
        rows = np.flatnonzero(learner.progress == done)
        known = done * learner.snapshots
        values = learner.values[rows, :known]
        total[:known] += values.sum(axis=0)
        square[:known] += np.square(values).sum(axis=0)
        if known == T:
            continue
        ahead, var = _continue(learner, rows, done)
        total[known:] += ahead.sum(axis=0)
        square[known:] += np.square(ahead).sum(axis=0) + len(rows) * var
        own[known:] += len(rows) * var
        shared[known:] += len(rows) * np.sqrt(var)
    mean = total / R
    std = np.sqrt(np.maximum(square / R - mean**2, 0.0) * R / max(R - 1, 1))
    error = np.sqrt(own + np.square(shared) / np.maximum(reached, 0.5)[:, None]) / R
    return Estimate(mean, std, error)


def _continue(learner, rows, done):
    """Forecasts (n, T - known, q) and variances (T - known, q) after `done` chunks."""
    model, known = learner.model, done * learner.snapshots
    T, q = learner.values.shape[1:]
    ahead = np.full((len(rows), T - known, q), np.nan)
    donors = np.flatnonzero(learner.progress > done)[:_DONORS]
    truth = learner.values[donors, known:]
    guess = np.zeros_like(truth)
    if model is None or done == 0:
        now = learner.values[rows, known - 1] if done else np.zeros((len(rows), q))
        ahead[:] = now[:, None]
        guess[:] = learner.values[donors, known - 1][:, None] if done else 0.0
        var = np.zeros((T - known, q)) + learner.scale**2
    else:
        point = int(np.searchsorted(learner.grid, done, side="right") - 1)
        late = (done - learner.grid[point]) * learner.snapshots
        both = model.lags(learner.newest[rows])
        old = model.lags(learner.ends[donors, point]) if point else np.full_like(both[:0], 0)
        move, size = model.affine(1).T, model.space.dim
        if point and late:
            old = old @ model.affine(late).T
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(T - known):
                both, old = both @ move, old @ move
                ahead[:, k] = both[:, :size] @ model.slopes + model.offset
                if point:
                    guess[:, k] = old[:, :size] @ model.slopes + model.offset
        if not point:
            guess[:] = np.nan
        var = np.minimum(_variance(model, np.arange(1, T - known + 1)), 25.0 * learner.scale**2)
    off = truth - guess
    count = np.isfinite(off).all(axis=2).sum(axis=0)
    some, more = count > 0, count > 1
    # what is missing is missing at the end: nan-aware sums over the replicas that were there
    filled = np.where(np.isfinite(off), off, 0.0)
    shift = filled.sum(axis=0) / np.maximum(count, 1)[:, None]
    spread = np.where(np.isfinite(off), off - shift, 0.0)
    found = np.square(spread).sum(axis=0) / np.maximum(count - 1, 1)[:, None]
    ahead = np.nan_to_num(ahead) + np.where(some[:, None], shift, 0.0)
    if done == 0 and not some.all():  # nobody has been there: the last known mean stays
        last = int(np.flatnonzero(some)[-1]) if some.any() else None
        ahead[:, ~some] = 0.0 if last is None else shift[last]
    weight = np.where(more, count - 1.0, 0.0)[:, None]
    return ahead, (weight * found + _PRIOR * var) / (weight + _PRIOR)
