"""Order and dimension of the latent autoregression, by the likelihood of left-out runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dbar.statistics.folds import splits
from dbar.statistics.moments import lagged
from dbar.statistics.ridge import bayesian_ridge
from dbar.study.replica_forecast import pooled_latent

__all__ = ["Choice", "choose", "choose_again", "fold_rows"]

DIMENSIONS = (1, 2, 3, 5, 8, 12, 16, 20)
ORDERS = (1, 2, 3, 5)
_INNER = 4  # groups of runs in a choice that is made once more in every fold
_PER_COEFFICIENT = 5.0  # transitions that each row of coefficients must have, per coefficient


class Choice(NamedTuple):
    """What was chosen and why.

    `score` (dimensions, orders) is the mean log-likelihood per left-out snapshot of all candidate
    coordinates, NaN where there are too few data; `error` the standard error, over folds, of its
    difference from the best.
    """

    order: int
    dimension: int
    orders: tuple
    dimensions: tuple
    score: np.ndarray
    error: np.ndarray


def fold_rows(parts: list, **most: int) -> list[tuple[list, list]]:
    """Arrays of each fold (`dbar.statistics.folds`): runs, or of a single run its last third."""
    if len(parts) > 1:
        return [([parts[k] for k in a], [parts[k] for k in b]) for a, b in splits(parts, **most)]
    cut = (2 * len(parts[0])) // 3
    return [([parts[0][:cut]], [parts[0][cut:]])]


def choose_again(train: list[np.ndarray], **settings) -> Choice:
    """The choice from the training runs of one fold, by at most four groups of them.

    A run that took part in a choice cannot say how good the chosen model is. Settings are those
    of `choose`.
    """
    return choose(fold_rows(train, most=_INNER), **settings)


def choose(
    folds: list[tuple[list[np.ndarray], list[np.ndarray]]],
    orders: tuple = ORDERS,
    dimensions: tuple = DIMENSIONS,
    prior: str | None = "persistence",
    progress: Callable[[int, int], None] | None = None,
) -> Choice:
    """Choose order and dimension.

    In each fold the latent coordinates of the training runs are found. A candidate describes the
    leading d by a VAR(P) and the others, of the largest dimension tried, by their mean and
    covariance: what a model leaves out it cannot forecast, and pays for. All candidates are
    judged by the density of the same snapshots in the same coordinates. Of those within one
    standard error of the best, the one with the fewest coefficients is taken.

    Parameters
    ----------
    folds : list of (training, left out)
        Lists of ndarray (T, K).
    orders, dimensions : tuple of int
    prior : {"evidence", "persistence", None}
    progress : callable, optional
        Called with (folds done, folds).

    Raises
    ------
    ValueError
        If there are too few snapshots for the smallest candidate.
    """
    shortest = min(len(X) for _, left in folds for X in left)
    orders = tuple(p for p in sorted(orders) if p < shortest - 1)
    if not orders:
        raise ValueError(f"{shortest} snapshots are left out, too few for the smallest order")
    last = orders[-1]
    rows = min(sum(max(len(X) - last, 0) for X in train) for train, _ in folds)
    rank = min(pooled_latent(train, dimensions[-1]).dim for train, _ in folds)
    dimensions = tuple(sorted({min(d, rank) for d in dimensions}))
    smallest = _PER_COEFFICIENT * orders[0] * dimensions[0]
    if rows < smallest:
        raise ValueError(f"{rows} transitions, at least {smallest:.0f} are needed")
    shape = (len(dimensions), len(orders))
    total = np.full((len(folds), *shape), np.nan)
    count = np.empty(len(folds))
    for f, (train, left) in enumerate(folds):
        space = pooled_latent(train, dimensions[-1])
        Z = np.concatenate([lagged(space(X), last) for X in train])
        W = np.concatenate([lagged(space(X), last) for X in left])
        count[f] = len(W)
        for i, d in enumerate(dimensions):
            for j, p in enumerate(orders):
                if len(Z) >= _PER_COEFFICIENT * p * d:
                    total[f, i, j] = _density(Z, W, space.dim, d, p, prior)
        if progress:
            progress(f + 1, len(folds))
    score = total.sum(axis=0) / count.sum()
    best = np.unravel_index(np.nanargmax(score), shape)
    off = (total - total[:, best[0], best[1]][:, None, None]) / count.mean()
    spread = off.std(axis=0, ddof=1) if len(folds) > 1 else np.zeros(shape)
    error = spread / np.sqrt(len(folds))
    size = np.multiply.outer(np.square(dimensions), orders).astype(float)
    size[~(score >= score[best] - error)] = np.inf
    size[best] = min(size[best], dimensions[best[0]] ** 2 * orders[best[1]])
    i, j = np.unravel_index(np.argmin(size), shape)
    return Choice(orders[j], dimensions[i], orders, dimensions, score, error)


def _density(Z, W, size, d, p, prior):
    """Log density of the newest snapshots in W, summed; blocks of `size`, newest lag first."""
    past = np.concatenate([np.arange(k * size, k * size + d) for k in range(p)])
    new, rest = np.arange(-size, d - size), np.arange(d - size, 0)
    step = np.zeros((len(past), d))
    if prior == "persistence":
        step[:d] = np.eye(d)
    X, Y = Z[:, past], Z[:, new] - Z[:, past] @ step
    joint = np.hstack([X, Y])
    mean = joint.mean(axis=0)
    off = joint - mean
    if prior is None:
        A = np.hstack([X, np.ones((len(X), 1))])
        solution = np.linalg.lstsq(A, Y, rcond=None)[0]
        coef, intercept, used = solution[:-1].T, solution[-1], float(len(past))
    else:
        fit = bayesian_ridge(np.array([len(X)]), mean[None], (off.T @ off)[None], len(past))
        coef, intercept, used = fit.coef[0], fit.intercept[0], float(fit.effective.mean())
    error = Y - X @ coef.T - intercept
    noise = error.T @ error / max(len(X) - used - 1.0, 0.5 * len(X))
    ahead = W[:, new] - W[:, past] @ (coef + step.T).T - intercept
    out = _gauss(ahead, noise)
    if len(rest):
        static = Z[:, rest]
        out += _gauss(W[:, rest] - static.mean(axis=0), np.cov(static.T).reshape(len(rest), -1))
    return out


def _gauss(error, cov):
    w, v = np.linalg.eigh(cov)
    # motion without noise has no density: a billionth of the largest variance stands in
    w = np.maximum(w, 1e-9 * max(w[-1], 1e-300))
    square = np.square(error @ v) / w
    return float(-0.5 * (square.sum() + len(error) * np.log(2 * np.pi * w).sum()))
