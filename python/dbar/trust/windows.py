"""Means and squares of the newest innovations, measured by a yardstick of older snapshots."""

from __future__ import annotations

import numpy as np

from dbar.trust.ratios import Ratios

__all__ = ["MEANS", "SIZES", "components", "leading", "standardised", "window_ratios"]

MEANS = (1, 2, 3, 5, 8)  # windows over which innovations are averaged
SIZES = (5,)  # windows over which their squares are averaged
DIMENSION = 4  # principal components
LOCAL = 30  # newest innovations of the yardstick, which give offset and scale
_PER_REGRESSOR = 5  # transitions for each regressor while the yardstick is short
_SQUARES = 0.5  # independent squares in a window, over snapshots
_FREE_DRIFT = 40  # transitions from which on a linear drift is fitted


def window_ratios(rows, first, gap, order):
    """Ratios (`Ratios`) of the windows that end with the newest snapshot.

    Parameters
    ----------
    rows : ndarray, shape (n, K)
        Snapshots, oldest first.
    first : ndarray of bool, shape (n,)
        Whether a snapshot does not follow the one before it at the stride.
    gap : int
        Newest snapshots in question.
    order : int
        Lags at most.

    Returns
    -------
    Ratios or None
        None without a yardstick, or if the newest snapshot has no innovation.
    """
    known = len(rows) - gap
    dim, order = sizes(known, order)
    basis = components(rows[:known], dim)
    if basis is None:
        return None
    y = (rows - rows[:known].mean(axis=0)) @ basis
    lags = [y[order - 1 - k : len(y) - 1 - k] for k in range(order)]
    broken = np.concatenate([[0], np.cumsum(first)])
    valid = broken[order + 1 :] == broken[1:-order]  # no gap inside a transition
    if not valid[-1]:
        return None
    train = np.flatnonzero(valid[: known - order])
    return _ratios(np.concatenate(lags, axis=1), y[order:], valid, train)


def sizes(n, order):
    """Dimension and order that a yardstick of n snapshots carries."""
    for lags in range(order, 0, -1):
        dim = min(DIMENSION, (n - lags) // (_PER_REGRESSOR * lags))
        if dim >= 2:
            return dim, lags
    return 1, 1


def components(rows, dim):
    """Basis (K, d) of the leading principal components of standardised snapshots, or None."""
    z, live, spread = standardised(rows, len(rows))
    if not live.any():
        return None
    v = leading(z, dim)
    out = np.zeros((rows.shape[1], v.shape[1]))
    out[live] = v / spread[:, None]
    return out


def standardised(rows, known):
    """Rows by mean and spread of the first `known`, which components vary, and their spread."""
    spread, mean = rows[:known].std(axis=0), rows[:known].mean(axis=0)
    live = spread > 1e-12 * np.abs(mean)
    return (rows[:, live] - mean[live]) / spread[live], live, spread[live]


def leading(z, dim):
    """The `dim` right singular vectors (K, d) of z (n, K) with the largest singular values."""
    from scipy.linalg import eigh

    tall = len(z) >= z.shape[1]
    square = z.T @ z if tall else z @ z.T
    ends = (max(len(square) - dim, 0), len(square) - 1)
    w, v = eigh(square, subset_by_index=ends, driver="evx", check_finite=False)
    w, v = w[::-1], v[:, ::-1]
    keep = w > 1e-12 * w[0]
    return v[:, keep] if tall else z.T @ v[:, keep] / np.sqrt(w[keep])


def _ratios(past, target, valid, train):
    dim, n = target.shape[1], len(train)
    if n < dim + 4:
        return None
    drift = [np.ones(len(target))]
    if n >= _FREE_DRIFT:
        drift.append((np.arange(len(target)) - train.mean()) / n)
    A = np.column_stack([past - past[train].mean(axis=0), *drift])
    u, s, vt = np.linalg.svd(A[train], full_matrices=False)
    live = s > 1e-10 * s[0]
    inverse = vt[live].T / s[live]
    error = target - A @ (inverse @ (u[:, live].T @ target[train]))
    dof = n - int(live.sum())
    if dof < dim + 3:
        return None
    w, v = np.linalg.eigh(error[train].T @ error[train] / dof)
    # data without noise: an error of 1e-9 of the training spread is never news
    floor = 1e-18 * np.square(target[train]).sum(axis=1).mean()
    error = error @ (v / np.sqrt(np.maximum(w, max(floor, 1e-300))))
    reach = A @ inverse
    leverage = np.square(reach).sum(axis=1)

    square = np.square(error[train]).sum(axis=1) / dim / np.maximum(1.0 - leverage[train], 0.2)
    local = min(LOCAL, n)
    recent = square[-local:]
    scale = max(np.minimum(recent, 5.0 * np.median(recent)).mean(), 1.0)
    offset = error[train[-local:]].mean(axis=0)
    # fourth moment over that of a Gaussian, and the degrees of freedom of a t that has it
    mean = max(square.mean(), 1e-300)
    tail = max(np.square(square).mean() / mean**2 / (1.0 + 2.0 / dim), 1.0)
    heavy = (tail - 1.0) / (4.0 * tail - 2.0)
    free, scales = dof - dim + 1.0, float(local * dim)

    value, above, below = [], [], []
    for window in MEANS:
        z = error[-window:].mean(axis=0) - offset
        lever = np.square(reach[-window:].mean(axis=0)).sum()
        ratio = z @ z / (1.0 / window + lever + 1.0 / local) / scale / dim * free / dof
        value.append(ratio if valid[-window:].all() else np.nan)
        above.append(float(dim))
        below.append(1.0 / (1.0 / free + 1.0 / scales + heavy / window))
    # of the dim squares of a snapshot; those of neighbours are not independent
    independent = _SQUARES * 2.0 / (tail * (1.0 + 2.0 / dim) - 1.0)
    for window in SIZES:
        z = np.square(error[-window:] - offset).sum(axis=1)
        ratio = (z / (1.0 + leverage[-window:] + 1.0 / local)).mean() / dim / scale
        value.append(ratio if valid[-window:].all() else np.nan)
        above.append(window * independent)
        below.append(local * independent)
    return Ratios(np.array(value), np.array(above), np.array(below))
