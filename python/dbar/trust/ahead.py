"""<M> of the forecasts of a VAR at every snapshot ahead, by propagators over a block of them.

One step after the other costs a matrix product each, and a horizon is as long as the training. The
maps over 1, ..., n snapshots are made once; a block of n horizons is then a product of matrices.
"""

from __future__ import annotations

import numpy as np

from dbar.statistics.companion import affine, embed, spectral_radius

__all__ = ["expected_blocks"]

_SETTLED = 1e-13  # relative distance from the steady state that rounding makes of nothing
_STEADY = 4096  # horizons at a time in the steady state


def expected_blocks(model, mahalanobis, history, block):
    """<M> (n,) of the next n snapshots, then of the n after these, and so on without an end.

    With T_Z the companion matrix, S the noise and A = Sigma^-1, <M> at horizon n + k is that of the
    mean, carried on by T_Z^k, plus tr(A [C_k + T_Z^k C_n T_Z^kT]) / d, C_k the covariance at k.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted.
    mahalanobis : dbar.trust.Mahalanobis
        In the coordinates of `model`.
    history : ndarray, shape (>= P, K)
        Snapshots in time order.
    block : int
        n, until <M> does not change any more: from there on the blocks are longer.
    """
    model.forecast(history, 0)  # raises for a history that does not fit
    order, size = model.order, len(model.intercept_)
    source, one = embed(model.noise_cov_, order), affine(model.coef_, model.intercept_)
    matrix = one[:-1, :-1]
    precision, dim = mahalanobis.precision_, mahalanobis.dim_
    about = np.zeros((size, len(one)))
    about[:, -1] = mahalanobis.mean_
    means, weights, rest = [], [], np.empty(block)
    power, cov = np.eye(len(one)), np.zeros_like(source)
    for k in range(block):
        power, cov = one @ power, matrix @ cov @ matrix.T + source
        move = power[:size, :-1]
        means.append(mahalanobis.factor_.T @ (power[:size] - about))
        weights.append((move.T @ precision @ move).ravel())
        rest[k] = np.sum(precision * cov[:size, :size])
    means, weights, move, own = np.array(means), np.array(weights), power[:-1, :-1], cov
    near = _SETTLED * (1.0 - spectral_radius(model.coef_) ** block)
    state = np.append(np.asarray(history, dtype=float)[::-1][:order].ravel(), 1.0)
    out = np.square(means @ state).mean(axis=1) + rest / dim
    yield out  # no covariance was there before
    while True:
        before, known, state = state, cov, power @ state
        out = np.square(means @ state).mean(axis=1) + (rest + weights @ cov.ravel()) / dim
        yield out
        cov = own + move @ cov @ move.T
        off, wide = np.abs(state - before).max(), np.sqrt(np.abs(np.trace(cov)))
        if off <= near * wide and np.abs(cov - known).max() <= near * np.abs(cov).max():
            break
    steady = np.full(_STEADY, out[-1])
    while True:
        yield steady
