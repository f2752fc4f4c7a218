"""Density of frames on a sparse grid, with kernels as wide as each neighbourhood asks for.

In the manner of scikit-matter's ``SparseKDE``: the covariance of the surroundings of each grid
point, and Silverman's rule with the number of frames in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from dbar.bias.circle import shortest

__all__ = ["Cells", "bandwidths", "log_density", "mahalanobis", "make_cells", "resolution"]

_WINDOW = 2.0  # a neighbourhood is weighted by a Gaussian this much wider than itself
_CHANCE, _GAP = 1e-6, 3.0  # a gap is less likely than this, and so much wider than what it ends
_ROUNDS, _STILL = 60, 0.02
_LEAST = 1e-20  # variance, in that of all frames: where a variable does not vary
_DECIMALS = 9


@dataclass(frozen=True)
class Cells:
    """Frames gathered around points of a grid.

    Attributes
    ----------
    owner : ndarray of int, shape (T,)
        Cell of each frame.
    at : ndarray, shape (n, d)
        Mean of the frames of each cell.
    inner : ndarray, shape (n, d, d)
        Their covariance.
    share : ndarray, shape (n,)
        Their weight.
    frames : ndarray of int, shape (n,)
    effective : ndarray, shape (n,)
        Kish's number of frames in each.
    """

    owner: np.ndarray
    at: np.ndarray
    inner: np.ndarray
    share: np.ndarray
    frames: np.ndarray
    effective: np.ndarray


def resolution(s) -> np.ndarray:
    """Step (d,) in which the values of each variable are given: 1 of integers, 0.01 of 2.53, ...

    0 of a variable with all its digits.
    """
    out = np.zeros(s.shape[1])
    for k, x in enumerate(s.T):
        for decimals in range(_DECIMALS + 1):
            if np.array_equal(np.round(x, decimals), x):
                out[k] = 10.0**-decimals
                break
    return out


def make_cells(z, w, count, period) -> Cells:
    """Gather frames z (T, d) around `count` of them that are far from each other.

    Parameters
    ----------
    w : ndarray, shape (T,)
        Weights of sum 1.
    count : int
    period : ndarray, shape (d,)
    """
    chosen, owner = _farthest(z, count, period)
    n, dim = len(chosen), z.shape[1]
    share = np.bincount(owner, w, n)
    part = w / np.maximum(share, np.finfo(float).tiny)[owner]
    off = shortest(z - z[chosen][owner], period)
    mean = np.stack([np.bincount(owner, part * off[:, k], n) for k in range(dim)], axis=1)
    off -= mean[owner]
    inner = np.empty((n, dim, dim))
    for a in range(dim):
        for b in range(dim):
            inner[:, a, b] = np.bincount(owner, part * off[:, a] * off[:, b], n)
    frames, effective = np.bincount(owner, minlength=n), 1.0 / np.bincount(owner, part**2, n)
    return Cells(owner, z[chosen] + mean, inner, share, frames, effective)


def bandwidths(cells: Cells, n_eff, step, period) -> np.ndarray:
    """Covariances (n, d, d) of the kernels on all cells.

    A neighbourhood is what a Gaussian window lets through that is twice as wide as itself, found by
    repetition from the nearest few frames: within one phase it grows to the size of the phase,
    and it does not cross a gap.

    Parameters
    ----------
    n_eff : float
        Effective number of all frames.
    step : ndarray, shape (d,)
        Resolution of the variables; a value stands for all that are rounded to it.
    """
    n, dim = cells.at.shape
    rounded = np.diag(step**2 / 12.0 + _LEAST)
    off = shortest(cells.at[None] - cells.at[:, None], period)
    squared = np.sum(off**2, axis=-1)
    own = np.trace(cells.inner, axis1=1, axis2=2)
    radius = (_near(squared, cells.frames, own, dim) + own) / dim
    window = radius[:, None, None] * np.eye(dim) + rounded
    out = np.empty((n, dim, dim))
    for i in range(n):
        out[i] = _bandwidth(off[i], window[i], cells, n_eff, rounded)
    return out + cells.inner + rounded


def _near(squared, frames, own, dim):
    """Squared distance from each cell within which there are a few frames, with no gap inside.

    Of k frames spread evenly along a line the next is R times as far as the last with
    probability R^(-k), in more dimensions it is less likely.
    """
    order = np.argsort(squared, axis=1)
    distance = np.take_along_axis(squared, order, axis=1)
    count = np.cumsum(frames[order], axis=1)
    found = count >= max(dim + 2, np.sqrt(frames.sum()))
    ratio = np.maximum(_CHANCE ** (-1.0 / count[:, :-1]), _GAP)
    wide = 2.0 * np.sqrt(own)  # how far the frames of a cell reach, about
    nearest = np.sqrt(distance[:, 1:]) - wide[order[:, 1:]]
    gap = nearest > ratio * (np.sqrt(distance[:, :-1]) + wide[:, None])
    found[:, :-1] |= (count[:, :-1] >= dim + 2) & gap
    return distance[np.arange(len(frames)), found.argmax(axis=1)]


def _bandwidth(off, window, cells, n_eff, rounded):
    dim = off.shape[1]
    here = window / _WINDOW**2
    for _ in range(_ROUNDS):
        z2 = np.einsum("ja,ab,jb->j", off, np.linalg.inv(window), off)
        u = cells.share * np.exp(-0.5 * z2)
        u = u / u.sum()
        mean = u @ off
        spread = off - mean
        found = (u[:, None] * spread).T @ spread + np.einsum("j,jab->ab", u, cells.inner)
        # few frames spread less about their own mean
        several = 1.0 - np.sum(u**2 / cells.effective)
        found = found / (max(several, 1e-6) * (1.0 - 1.0 / _WINDOW**2)) + rounded
        size = np.sqrt(np.diag(here))
        still = (np.abs(found - here) <= _STILL * np.outer(size, size)).all()
        here, window = found, _WINDOW**2 * found
        if still:
            break
    # the window dims its neighbourhood by this much where that is a Gaussian
    full = (1.0 + 1.0 / _WINDOW**2) ** (0.5 * dim)
    several = min(n_eff, full / np.sum(u**2 / cells.effective))
    silverman = (4.0 / (dim + 2.0) / several) ** (2.0 / (dim + 4.0))
    return silverman * here


def mahalanobis(at, cov, period) -> np.ndarray:
    """Squared distances (n, n) of all points from each, in units of the covariance of each."""
    off = shortest(at[None] - at[:, None], period)
    return np.einsum("ija,iab,ijb->ij", off, np.linalg.inv(cov), off)


def log_density(cells: Cells, cov, period) -> np.ndarray:
    """Logarithm of the density (n,) at all cells, by a kernel on each of them.

    Parameters
    ----------
    cov : ndarray, shape (n, d, d)
        Covariances of the kernels.
    """
    height = np.log(cells.share) - 0.5 * np.linalg.slogdet(cov)[1]
    return logsumexp(height[:, None] - 0.5 * mahalanobis(cells.at, cov, period), axis=0)


def _farthest(z, count, period):
    """Indices of points far from each other, and for every point the nearest of them."""
    chosen = [0]
    distance = _squared(z, z[0], period)
    owner = np.zeros(len(z), dtype=int)
    for k in range(1, count):
        new = int(distance.argmax())
        if distance[new] == 0.0:
            break
        there = _squared(z, z[new], period)
        closer = there < distance
        owner[closer], distance[closer] = k, there[closer]
        chosen.append(new)
    return np.array(chosen), owner


def _squared(z, point, period):
    return np.sum(shortest(z - point, period) ** 2, axis=1)
