"""Variables some of which are periodic: shortest differences and means of directions."""

from __future__ import annotations

import numpy as np

__all__ = ["mean_of", "periods", "shortest"]


def periods(period, dim) -> np.ndarray:
    """Period of each variable (d,), infinite for none.

    Raises
    ------
    ValueError
        Other than one positive number, or one for each variable.
    """
    found = np.asarray(np.inf if period is None else period, dtype=float)
    if found.ndim > 1 or found.size not in (1, dim) or not (found > 0.0).all():
        raise ValueError(
            f"period: found {period}, expected {dim} positive numbers, infinite for none"
        )
    return np.broadcast_to(found.ravel(), dim)


def shortest(off, period) -> np.ndarray:
    """Differences (..., d) by the shortest way round; a copy."""
    off = np.array(off, dtype=float)
    live = np.isfinite(period)
    off[..., live] -= period[live] * np.rint(off[..., live] / period[live])
    return off


def mean_of(s, w, period) -> np.ndarray:
    """Mean (d,) of s (T, d) with weights of sum 1; on a circle that of the directions."""
    mean = w @ s
    for k in np.flatnonzero(np.isfinite(period)):
        angle = 2 * np.pi * s[:, k] / period[k]
        turn = np.arctan2(w @ np.sin(angle), w @ np.cos(angle))
        mean[k] = turn * period[k] / (2 * np.pi)
        mean[k] += w @ shortest(s[:, [k]] - mean[k], period[[k]])[:, 0]
    return mean
