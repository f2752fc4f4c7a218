"""Means of the newest snapshots, measured from the parabola through a yardstick of older ones.

What `dbar.trust.windows` asks of one-step errors is asked here of the levels themselves. A run that
leaves its path slowly makes no error that stands out from one snapshot to the next; after a few
snapshots it is far from where the path leads. docs/theory/change.md derives the variance.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dbar.trust.ratios import Ratios
from dbar.trust.windows import leading, standardised

__all__ = ["LEVELS", "level_ratios"]

LEVELS = (4, 8)  # windows over which levels are averaged
LEAST = 60  # snapshots without which a parabola says nothing
_DIMENSION = 2  # principal components of what the parabola leaves
_ORDER = 3  # lags of the autoregression that gives its correlation in time
_DEGREE = 2
_FLOOR = 1e-9  # of the spread: data without noise


def level_ratios(rows, first, gap):
    """Ratios (`Ratios`) of the windows `LEVELS` that end with the newest snapshot.

    Parameters
    ----------
    rows : ndarray, shape (n, K)
        Snapshots, oldest first.
    first : ndarray of bool, shape (n,)
        Whether a snapshot does not follow the one before it at the stride. Only what comes after
        the last such place is used.
    gap : int
        Newest snapshots in question.
    """
    rows = rows[int(np.flatnonzero(first)[-1]) if first.any() else 0 :]
    known = len(rows) - gap
    if known < LEAST:
        return Ratios.unknown(len(LEVELS))
    powers, fit, pairs = _parabola(len(rows), known)
    rest = _leading_rest(rows, known, powers, fit)
    if rest is None:
        return Ratios.unknown(len(LEVELS))
    covariance = _autocovariance(rest[:known], len(rows)) * known / (known - _DEGREE - 1.0)
    value = []
    for window, pair in zip(LEVELS, pairs, strict=True):
        variance = np.maximum(covariance @ pair, 1e-12 * covariance[:, 0])
        value.append((np.square(rest[-window:].mean(axis=0)) / variance).mean())
    times = 1.0 + 2.0 * covariance[:, 1 : known // 2].sum(axis=1) / covariance[:, 0]
    free = max(known / np.maximum(times, 1.0).mean() - _DEGREE - 1.0, 4.0)
    n = np.ones(len(LEVELS))
    return Ratios(np.array(value), n * rest.shape[1], n * free)


@lru_cache(maxsize=128)
def _parabola(n, known):
    """Powers of time (n, 3), the fit (3, known) of their coefficients, and pairs (n_windows, n).

    A mean over a window less the parabola is a weighted sum of snapshots; pairs[w, k] is the sum of
    the products of weights that are k snapshots apart, both ways.
    """
    t = (np.arange(n) - (known - 1) / 2) / (known / 2)
    powers = t[:, None] ** np.arange(_DEGREE + 1)
    fit = np.linalg.pinv(powers[:known])
    pairs = np.zeros((len(LEVELS), n))
    for k, window in enumerate(LEVELS):
        weight = np.zeros(n)
        weight[-window:] = 1.0 / window
        weight[:known] -= powers[-window:].mean(axis=0) @ fit
        pairs[k] = np.correlate(weight, weight, "full")[n - 1 :]
        pairs[k, 1:] *= 2.0
    return powers, fit, pairs


def _leading_rest(rows, known, powers, fit):
    """Leading components (n, d) of what the parabola through the first `known` rows leaves."""
    z, live, _ = standardised(rows, known)
    if not live.any():
        return None
    rest = z - powers @ (fit @ z[:known])
    noise = np.maximum(rest[:known].std(axis=0), _FLOOR)
    rest = rest / np.maximum(noise, 1e-3 * noise.max())
    return rest @ leading(rest[:known], _DIMENSION)


def _autocovariance(y, n):
    """Autocovariances (d, n) of y (m, d), continued by the autoregression that its first give."""
    m = len(y)
    c = np.array([(y[: m - k] * y[k:]).sum(axis=0) for k in range(_ORDER + 1)]).T / m
    lags = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    matrix = c[:, lags] + 1e-9 * c[:, :1, None] * np.eye(_ORDER)
    back = np.linalg.solve(matrix, c[:, 1:, None])[:, ::-1, 0]
    out = []
    for known, (third, second, last) in zip(c.tolist(), back.tolist(), strict=True):
        for _ in range(n - _ORDER - 1):  # numbers of Python are quicker here than arrays
            known.append(third * known[-3] + second * known[-2] + last * known[-1])
        out.append(known)
    return np.array(out)
