"""Intrinsic dimension in windows along time, with errors and beside Gaussians of equal covariance.

PRL 131, 236101, Fig. 3 j.
"""

from __future__ import annotations

import inspect
from typing import NamedTuple

import numpy as np

from dbar.descriptors.voigt import tensor_to_voigt
from dbar.estimators.front import Whitening, centred, spread
from dbar.statistics.intensive import per_atom
from dbar.study.manifold import replicas_of, two_nn

__all__ = ["METRICS", "WindowDimension", "windows", "with_virial"]

METRICS = ("raw", "standard", "whitened")
_LEAST = 3  # replicas of a jackknife


class WindowDimension(NamedTuple):
    """Intrinsic dimension (W,) in windows.

    `centre` is the middle of each window in snapshots, `dimension` that of all its points, `error`
    the jackknife error over replicas (NaN without). `surrogate` is the mean and `surrogate_error`
    the standard deviation over draws of as many independent points from a Gaussian with the
    covariance of the window (NaN without). Where the two curves agree, the dimension says how
    variance is shared among directions, and nothing of a curved surface.
    """

    centre: np.ndarray
    dimension: np.ndarray
    error: np.ndarray
    surrogate: np.ndarray
    surrogate_error: np.ndarray


def with_virial(D, V):
    """D̄ per atom with the independent components of V̄ per atom behind it, (T, 7 K).

    Parameters
    ----------
    D : ndarray, shape (T, K+1)
    V : ndarray, shape (T, K+1, 3, 3) or (T, K+1, 6)
        Symmetric; row 0 belongs to the atom count and is left out.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    D, V = np.asarray(D, dtype=float), np.asarray(V, dtype=float)
    if V.ndim == 4 and V.shape[2:] == (3, 3):
        V = tensor_to_voigt(V)
    if V.shape != (*D.shape, 6):
        raise ValueError(
            f"V: found shape {V.shape}, expected {(*D.shape, 6)} or {(*D.shape, 3, 3)} as of D"
        )
    flat = V[:, 1:] / D[:, :1, None]
    return np.hstack([per_atom(D), flat.reshape(len(D), -1)])


def windows(
    trajectories, width, stride=None, method=two_nn, metric="raw", fitted=None, neighbours="all",
    jackknife=True, surrogates=8, random_state=0,
):  # fmt: skip
    """Intrinsic dimension in windows that move along time (Fig. 3 j).

    Each window pools its snapshots over all replicas.

    Parameters
    ----------
    trajectories : list of ndarray (T, K)
        Replicas with the same snapshots: D̄ per atom, or D̄ and V̄ (`with_virial`).
    width : int
        Snapshots per window.
    stride : int, optional
        Snapshots between the starts of windows; `width` by default.
    method : callable
        From points (n, d) to a number: `two_nn`, `danco`, or your own.
    metric : {"raw", "standard", "whitened"}
        Coordinates in which distances are taken: as given; each divided by its standard deviation;
        principal components of these, each divided by its standard deviation. Constant
        coordinates are left out.
    fitted : (first, last), optional
        Snapshots first, ..., last - 1 of all replicas from which the deviations are taken; all by
        default. A metric of the undisturbed part does not know what comes later.
    neighbours : {"all", "others"}
        "others": a point's neighbours come from other replicas only, the two of `two_nn` from two
        of them, so that snapshots that follow each other do not count as neighbours. `method` is
        then called with `groups`, the replica (n,) of each point, which `two_nn` takes and
        `danco` does not.
    jackknife : bool
        Leave out each replica in turn, from the metric too, for `error`. It costs one evaluation
        a window and replica.
    surrogates : int
        Gaussian draws a window, 0 for none.
    random_state : int
        Of these draws.

    Returns
    -------
    WindowDimension

    Raises
    ------
    ValueError
        If replicas differ in shape, a window or `fitted` lies outside the runs, there are fewer
        than 3 replicas to leave out of, or `method` cannot do without neighbours of its own
        replica.
    """
    parts = replicas_of(trajectories)
    starts = _starts(parts.shape[1], width, stride)
    _check(parts, metric, fitted, neighbours, method, jackknife, surrogates)
    whole = _scaled(parts, metric, fitted)

    def measure(points):
        groups = np.repeat(np.arange(len(points)), points.shape[1])
        known = {"groups": groups} if neighbours == "others" else {}
        return float(method(points.reshape(-1, points.shape[2]), **known))

    def along(points):
        return np.array([measure(points[:, s : s + width]) for s in starts])

    error = np.full(len(starts), np.nan)
    if jackknife:
        keep = ~np.eye(len(parts), dtype=bool)
        error = jackknife_error([along(_scaled(parts[k], metric, fitted)) for k in keep])
    rng, draws = np.random.default_rng(random_state), np.full((2, len(starts)), np.nan)
    if surrogates:
        found = [
            [measure(_gaussian(whole[:, s : s + width], rng)) for s in starts]
            for _ in range(surrogates)
        ]
        draws[0] = np.mean(found, axis=0)
        if surrogates > 1:
            draws[1] = np.std(found, axis=0, ddof=1)
    return WindowDimension(starts + 0.5 * (width - 1), along(whole), error, *draws)


def jackknife_error(values):
    """Standard errors (...,) from values (m, ...) of which each leaves one of m samples out."""
    values = np.asarray(values, dtype=float)
    m = len(values)
    return np.sqrt((m - 1) / m * np.sum((values - values.mean(axis=0)) ** 2, axis=0))


def _gaussian(points, rng):
    """Points of the same shape (m, w, d), independent, with the mean and covariance of these."""
    flat = points.reshape(-1, points.shape[2])
    mean = flat.mean(axis=0)
    # sums of the deviations with Gaussian weights have their covariance, whatever its rank
    mixed = rng.standard_normal((len(flat), len(flat))) @ (flat - mean)
    return (mean + mixed / np.sqrt(max(len(flat) - 1, 1))).reshape(points.shape)


def _scaled(parts, metric, fitted):
    """Replicas (m, T, K) in the coordinates of the metric, (m, T, d)."""
    if metric == "raw":
        return parts
    first, last = (0, parts.shape[1]) if fitted is None else fitted
    X = parts[:, first:last].reshape(-1, parts.shape[2])
    if metric == "whitened":
        return Whitening().fit(X)(parts)
    rows, mean = centred(X, np.ones(len(X)))
    std, live = spread(rows, mean)
    if not live.any():
        raise ValueError(f"none of the {len(mean)} coordinates varies in snapshots {first}:{last}")
    return (parts[..., live] - mean[live]) / std[live]


def _starts(length, width, stride):
    stride = width if stride is None else stride
    if not 1 <= width <= length or stride < 1:
        raise ValueError(
            f"width is {width} and stride {stride}, expected 1 <= width <= {length} snapshots and "
            "stride >= 1"
        )
    return np.arange(0, length - width + 1, stride)


def _check(parts, metric, fitted, neighbours, method, jackknife, surrogates):
    """Raise a ValueError for what cannot be done."""
    if metric not in METRICS:
        raise ValueError(f"metric: found {metric!r}, expected one of {', '.join(METRICS)}")
    if fitted is not None:
        length = parts.shape[1]
        if metric == "raw":
            raise ValueError("fitted: metric 'raw' is fitted to nothing, expected None")
        if len(fitted) != 2 or not 0 <= fitted[0] < fitted[1] <= length:
            raise ValueError(
                f"fitted: found {tuple(fitted)}, expected (first, last) with "
                f"0 <= first < last <= {length} snapshots"
            )
    if neighbours not in ("all", "others"):
        raise ValueError(f"neighbours: found {neighbours!r}, expected 'all' or 'others'")
    if neighbours == "others" and "groups" not in inspect.signature(method).parameters:
        name = getattr(method, "__name__", str(method))
        raise ValueError(
            f"neighbours: found 'others', which {name} cannot do (it has no parameter groups); "
            "expected 'all', or two_nn as the method"
        )
    if jackknife and len(parts) < _LEAST:
        raise ValueError(
            f"jackknife: found {len(parts)} replicas, expected at least {_LEAST} to leave one out; "
            "without errors: jackknife=False"
        )
    if surrogates < 0:
        raise ValueError(f"surrogates: found {surrogates}, expected 0 or more draws")
