"""How many directions the descriptors move in: principal components, intrinsic dimension.

PRL 131, 236101, Fig. 3 i-j.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from dbar.estimators.front import Whitening, check_finite
from dbar.estimators.validation import stack

__all__ = ["Components", "danco", "pca", "replicas_of", "two_nn", "whitened"]


@dataclass(frozen=True)
class Components:
    """Principal components of standardised descriptors.

    Attributes
    ----------
    scores : ndarray, shape (T, d)
        The ensemble mean along the components (the mean trajectory).
    axes : ndarray, shape (K, d)
        Orthonormal columns, in standardised descriptors.
    variance_ratio : ndarray, shape (d,)
    mean, scale : ndarray, shape (K,)
        Descriptors x are standardised as (x - mean) * scale; scale is 0 for constant ones.
    """

    scores: np.ndarray
    axes: np.ndarray
    variance_ratio: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, X):
        """Scores (..., d) of snapshots X (..., K)."""
        return ((np.asarray(X, dtype=float) - self.mean) * self.scale) @ self.axes


def pca(trajectories, n_components=None):
    """Principal components of the ensemble mean of D̄(t) (Fig. 3 i).

    Parameters
    ----------
    trajectories : list of ndarray (T, K)
        Replicas with the same snapshots; give D̄ per atom, or leave the count out, where replicas
        differ in size.
    n_components : int, optional
        All by default.

    Returns
    -------
    Components
        Signs are such that the largest entry of each axis is positive.

    Raises
    ------
    ValueError
        If replicas differ in shape, hold values that are not finite, or nothing varies.
    """
    parts = replicas_of(trajectories)
    mean_path = np.mean(parts, axis=0)
    mean, std = mean_path.mean(axis=0), mean_path.std(axis=0)
    live = std > 1e-12 * np.abs(mean)
    if not live.any():
        raise ValueError(f"none of the {len(mean)} components varies along the ensemble mean")
    scale = np.where(live, 1.0 / np.where(live, std, 1.0), 0.0)
    found = PCA(svd_solver="full").fit((mean_path - mean) * scale)
    keep = int(np.sum(found.singular_values_ > found.singular_values_[0] * 1e-12))
    keep = keep if n_components is None else min(int(n_components), keep)
    axes = found.components_[:keep].T
    sign = np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(keep)])
    axes = axes * sign
    ratio = found.explained_variance_ratio_[:keep]
    return Components(((mean_path - mean) * scale) @ axes, axes, ratio, mean, scale)


def two_nn(X, discard=0.1, groups=None):
    """Intrinsic dimension from the two nearest neighbours (Facco et al. 2017).

    The ratios mu = r2/r1 of a point's second to first neighbour distance have F(mu) = 1 - mu^-d.
    The line through the origin is fitted to (ln mu_i, -ln(1 - F_i)) of the sorted ratios with the
    empirical distribution **F_i = i/N**, as in scikit-dimension, i counted from 1 and N all
    points; the largest ratios, a share `discard`, are left out of the fit but counted in N.
    (Other codes use F_i = (i-1)/N; the two differ by terms of order 1/N.)

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Points; the metric is Euclidean, so scale them first (`whitened`).
    discard : float
        In (0, 1): with F_n = 1 the last point has no logarithm.
    groups : ndarray, shape (n,), optional
        Replica of each point. With it the two neighbours are the nearest points of two other
        replicas: snapshots of one run that follow each other are no independent points. That
        the second may not be of the replica of the first makes the dimension of independent
        points smaller by about half of one over the number of replicas.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For fewer than 5 points, values that are not finite, all points equal, or fewer than 3
        groups.
    ImportError
        Without scikit-dimension.
    """
    if not 0.0 < discard < 1.0:
        raise ValueError(f"discard is {discard}, expected a number between 0 and 1")
    X = _points(X, 5)
    tool = partial(_skdim().id.TwoNN, discard_fraction=discard)
    if groups is None:
        return float(tool().fit(X).dimension_)
    return float(tool(dist=True).fit(_two_distances(X, groups)).dimension_)


def danco(X, max_dim=None, fractional=False, calibration="table", neighbours=10, random_state=0):
    """Intrinsic dimension by angle and norm concentration (DANCo; Ceruti et al. 2014).

    Distances and angles of the neighbours are compared with those of uniform samples of
    hyper-balls of each dimension, by a Kullback-Leibler divergence.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    max_dim : int, optional
        Largest dimension tried, by default p.
    fractional : bool
        False: the dimension 1, 2, ... of least divergence. True: the minimum of a spline through
        the divergences; it is finer but biased (2.2 for a flat disc in three dimensions).
    calibration : {"table", "simulated"}
        Hyper-balls from the table that scikit-dimension ships (10 neighbours, 20 to 5,000 points,
        up to 100 dimensions; means of 100 samples), or drawn anew with `random_state`.
    neighbours : int
    random_state : int

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For too few points, values that are not finite, all points equal, or a number of points
        or neighbours that the table does not have.
    ImportError
        Without scikit-dimension.
    """
    if calibration not in ("table", "simulated"):
        raise ValueError(f"calibration is {calibration!r}, expected 'table' or 'simulated'")
    table = calibration == "table"
    X = _points(X, 20 if table else neighbours + 2)
    if table and (neighbours != 10 or len(X) > 5000):
        raise ValueError(
            f"{len(X)} points and {neighbours} neighbours, the table has up to 5000 and 10; "
            "use calibration='simulated'"
        )
    largest = X.shape[1] if max_dim is None else int(max_dim)
    tool = _skdim().id.DANCo(
        k=neighbours,
        D=min(largest, 100) if table else largest,
        ver="DANCoFit" if table else "DANCo",
        fractal=fractional,
        random_state=random_state,
    )
    with np.errstate(divide="ignore"):  # skdim divides by zero for parallel neighbours
        return float(tool.fit(X).dimension_)


def whitened(trajectories, n_components=None):
    """Trajectories in whitened principal coordinates of all their snapshots, list of (T_i, d).

    Intrinsic dimension needs a metric. Here each principal component of the standardised
    descriptors has unit variance over the whole ensemble, as in the latent space of the forecast.
    """
    X, _ = stack(trajectories)
    front = Whitening(n_components).fit(X)
    return [front(np.asarray(part, dtype=float)) for part in trajectories]


def _two_distances(X, groups):
    """Distances (n, 2) to the two nearest other groups."""
    groups = np.asarray(groups)
    if groups.shape != (len(X),):
        raise ValueError(f"groups: found shape {groups.shape}, expected ({len(X)},)")
    names, number = np.unique(groups, return_inverse=True)
    if len(names) < 3:
        raise ValueError(f"groups: found {len(names)} replicas, expected at least 3")
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(len(names)))
    out = np.empty((len(X), 2))
    for k in range(len(names)):
        own = number == k
        nearest = np.minimum.reduceat(cdist(X[own], X[order]), starts, axis=1)
        out[own] = np.sort(np.delete(nearest, k, axis=1), axis=1)[:, :2]
    return out


def replicas_of(trajectories):
    """Replicas with the same snapshots as one array (m, T, K)."""
    if isinstance(trajectories, np.ndarray) and trajectories.ndim == 2:
        trajectories = [trajectories]
    parts = [np.asarray(part, dtype=float) for part in trajectories]
    for k, part in enumerate(parts):
        if part.ndim != 2 or part.shape != parts[0].shape:
            raise ValueError(
                f"trajectory {k} has shape {part.shape}, expected (T, K) as {parts[0].shape}"
            )
        check_finite(f"trajectory {k}", part)
    return np.array(parts)


def _points(X, least):
    X = np.asarray(X, dtype=float)
    if X.ndim != 2:
        raise ValueError(f"X has shape {X.shape}, expected (n, p)")
    check_finite("X", X)
    if len(X) < least:
        raise ValueError(f"n_samples = {len(X)} points, at least {least} are needed")
    if (X == X[0]).all():
        raise ValueError("all points are equal: they have no dimension")
    return X


def _skdim():
    try:
        import skdim
        import skdim.id
    except ImportError:
        raise ImportError(
            "intrinsic dimension needs the package scikit-dimension: pip install dbar[manifold]"
        ) from None
    return skdim
