"""Is a VAR an adequate model? Order, Chapman-Kolmogorov test, spectrum, unimodality."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.forecast.var import VAR
from dbar.statistics.companion import companion
from dbar.statistics.folds import splits
from dbar.statistics.moments import lagged
from dbar.study.implied_timescales import ChapmanKolmogorov, chapman_kolmogorov, simulated
from dbar.trust.innovation import checked_trajectories

__all__ = [
    "ChapmanKolmogorov",
    "OrderChoice",
    "Spectrum",
    "Unimodality",
    "chapman_kolmogorov",
    "holm",
    "log_likelihood",
    "select_order",
    "spectrum",
    "unimodality",
]


class OrderChoice(NamedTuple):
    """`order` with the largest mean log-likelihood per held-out transition, and the evidence.

    `orders`, `score` and `error` have one entry per order; `error` is the standard error, over
    trajectories, of the difference from the best.
    """

    order: int
    orders: tuple
    score: np.ndarray
    error: np.ndarray


class Spectrum(NamedTuple):
    """Companion eigenvalues, largest modulus first.

    `unstable` counts moduli of 1 or more; `bag_radius` (B,) are the spectral radii of the bags and
    `unstable_bags` the share of them that is 1 or more.
    """

    eigenvalues: np.ndarray
    radius: float
    stable: bool
    unstable: int
    bag_radius: np.ndarray
    unstable_bags: float


class Unimodality(NamedTuple):
    """Hartigan's dip (K,) of each coordinate and the probability (K,) of a larger one.

    The null hypothesis is the fitted Gaussian VAR, simulated with the lengths of the data.
    `p_holm` is corrected for the number of coordinates: that any of K falls below 0.05 by chance
    has a probability of at most 0.05.
    """

    dip: np.ndarray
    p: np.ndarray
    p_holm: np.ndarray


def holm(p):
    """Probabilities corrected for their number (Holm 1979), in the order given.

    The k-th smallest of m is multiplied by m + 1 - k, and none is below a smaller one.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")
    out = np.empty(len(p))
    out[order] = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    return np.minimum(out, 1.0)


def log_likelihood(model, trajectories, first=None):
    """Gaussian log-likelihood per transition, one array per trajectory.

    Parameters
    ----------
    model : VAR
    trajectories : list of ndarray (T, K)
    first : int, optional
        Index of the first predicted snapshot, at least the order (the default).
    """
    first = model.order if first is None else int(first)
    if first < model.order:
        raise ValueError(f"first is {first}, expected at least the order {model.order}")
    size = len(model.intercept_)
    flat = model.coef_.transpose(1, 0, 2).reshape(size, -1)
    sign, volume = np.linalg.slogdet(model.noise_cov_)
    if sign <= 0:
        raise ValueError("the noise covariance is singular: leave constant coordinates out")
    inverse, out = np.linalg.inv(model.noise_cov_), []
    for X in trajectories:
        z = lagged(X, model.order)[first - model.order :]
        e = z[:, -size:] - z[:, :-size] @ flat.T - model.intercept_
        square = np.einsum("ti,ij,tj->t", e, inverse, e)
        out.append(-0.5 * (square + volume + size * np.log(2.0 * np.pi)))
    return out


def select_order(trajectories, orders=(1, 2, 3, 5), **settings):
    """Order P by the likelihood of left-out trajectories, of more than 16 several at a time.

    All orders are judged on the same transitions. Whole trajectories are left out: neighbouring
    snapshots are too similar for random ones.

    Parameters
    ----------
    trajectories : list of ndarray (T, K)
        At least 2.
    orders : sequence of int
    **settings
        Of `VAR`. Bags are random: give `random_state` where the choice has to be the same again.

    Returns
    -------
    OrderChoice
    """
    parts = checked_trajectories(trajectories, 2)
    orders = tuple(sorted(int(p) for p in orders))
    if not orders or orders[0] < 1:
        raise ValueError(f"orders are {orders}, expected integers >= 1")
    short = min(len(X) for X in parts)
    if short <= orders[-1]:
        raise ValueError(f"a trajectory has {short} snapshots, order {orders[-1]} needs more")
    total = np.empty((len(orders), len(parts)))
    count = np.array([len(X) - orders[-1] for X in parts], dtype=float)
    for i, order in enumerate(orders):
        for others, left in splits(parts):
            model = VAR(order, **settings).fit([parts[k] for k in others])
            for r in left:
                total[i, r] = log_likelihood(model, [parts[r]], orders[-1])[0].sum()
    score = total.sum(axis=1) / count.sum()
    best = int(np.argmax(score))
    off = (total - total[best]) / count.mean()
    error = off.std(axis=1, ddof=1) / np.sqrt(len(parts))
    return OrderChoice(orders[best], orders, score, error)


def spectrum(model):
    """Stable and unstable companion eigenvalues of a model and of its bags (`Spectrum`)."""
    eig = model.spectrum_
    radius = np.array([np.abs(np.linalg.eigvals(companion(c))).max() for c in model.bag_coef_])
    unstable = int(np.sum(np.abs(eig) >= 1.0))
    return Spectrum(
        eig, float(np.abs(eig[0])), unstable == 0, unstable, radius, float(np.mean(radius >= 1.0))
    )


def unimodality(trajectories, model=None, n_null=200, random_state=0, coordinates=None):
    """Dip test of the latent histograms (Fig. 8) with a null that knows of correlated samples.

    The tables of the dip test are for independent samples; snapshots are not. The null is the
    fitted Gaussian VAR, which has one mode: it is simulated `n_null` times from the first
    snapshots of the data, with their lengths.

    Parameters
    ----------
    trajectories : list of ndarray (T, K)
    model : VAR, optional
        By default of order 1, least squares.
    n_null : int
        Smallest possible p is 1 / (n_null + 1), of `p_holm` K times that: take at least 20 K.
    random_state : int or numpy.random.Generator
    coordinates : int, optional
        Test so many of the first coordinates only.

    Returns
    -------
    Unimodality
    """
    from diptest import dipstat

    parts = checked_trajectories(trajectories, 1)
    if model is None:
        model = VAR(n_bags=1, coverage=1.0, prior=None, random_state=0).fit(parts)
    if sum(map(len, parts)) < 20:
        raise ValueError(f"{sum(map(len, parts))} snapshots, at least 20 are needed")

    def dips(samples):
        tested = np.concatenate(samples)[:, :coordinates]
        return np.array([dipstat(np.sort(column)) for column in tested.T])

    observed = dips(parts)
    null = np.array([dips(data) for data in simulated(model, parts, n_null, random_state)])
    p = (1.0 + np.sum(null >= observed, axis=0)) / (n_null + 1.0)
    return Unimodality(observed, p, holm(p))
