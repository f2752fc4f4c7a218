"""Soft basins of collective variables: a mixture of Gaussians on the peaks of their density.

In the manner of probabilistic analysis of molecular motifs (P. Gasparotto and M. Ceriotti, J. Chem.
Phys. 141, 174110 (2014)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from dbar.statistics.block_error import normalised

__all__ = ["Basins", "quick_shift"]


@dataclass(frozen=True)
class Basins:
    """Gaussians of d variables, heaviest first.

    Attributes
    ----------
    mean : ndarray, shape (n, d)
    cov : ndarray, shape (n, d, d)
    weight : ndarray, shape (n,)
        Share of the frames, sum 1.
    period : ndarray, shape (d,)
        Infinite for variables that are not periodic.
    """

    mean: np.ndarray
    cov: np.ndarray
    weight: np.ndarray
    period: np.ndarray

    @classmethod
    def fit(cls, s, log_weights=None, n_grid=200, reach=4.0, min_weight=0.02, period=None):
        """Find the peaks of the density of s and give each a Gaussian.

        A grid of frames is chosen by farthest-point sampling, the density there comes from Gaussian
        kernels of Silverman's width, and quick shift joins every point to the nearest denser one
        within `reach` widths. Deterministic. Costs T x n_grid.

        Parameters
        ----------
        s : array, shape (T,) or (T, d)
        log_weights : array, shape (T,), optional
            Without them the frames as they come, so that phases which a bias keeps populated are
            found however unstable they are; their free energies come from `delta_mu`.
        n_grid : int
        reach : float
            Larger values join peaks.
        min_weight : float
            Basins with a smaller share of the frames are left out.
        period : sequence of float, optional

        Returns
        -------
        Basins
        """
        s = np.asarray(s, dtype=float)
        s = s[:, None] if s.ndim == 1 else s
        w = normalised(np.zeros(len(s)) if log_weights is None else log_weights)
        if s.ndim != 2 or len(w) != len(s) or not np.isfinite(s).all():
            raise ValueError(f"s: found shape {s.shape}, expected ({len(w)}, d), all finite")
        dim = s.shape[1]
        period = np.broadcast_to(np.inf if period is None else period, dim).astype(float)
        scale = np.sqrt(w @ _off(s, _mean(s, w, period), period) ** 2)
        if not (scale > 0.0).all():
            raise ValueError("s: a variable does not vary")
        z, box = s / scale, period / scale
        grid, owner = _farthest(z, min(n_grid, len(s)), box)
        share = np.bincount(owner, w, len(grid))
        n_eff = 1.0 / np.sum(w**2)
        width = (4.0 / (dim + 2.0) / n_eff) ** (1.0 / (dim + 4.0))
        squared = _squared(z[grid], z[grid], box)
        # kernels no narrower than the grid is coarse: it cannot show finer peaks
        nearest = np.sort(squared + np.diag(np.full(len(grid), np.inf)), axis=1)[:, 0]
        width = max(width, np.sqrt(np.median(nearest)))
        density = np.exp(-0.5 * squared / width**2) @ share
        root = quick_shift(squared, density, (reach * width) ** 2)
        means, covs, weights = [], [], []
        for peak in np.unique(root):
            inside = root[owner] == peak
            part = w * inside
            if part.sum() < min_weight or inside.sum() <= dim:
                continue
            part = part / part.sum()
            mean = _mean(s, part, period)
            off = _off(s, mean, period)
            means.append(mean)
            covs.append((part[:, None] * off).T @ off + 1e-12 * np.diag(scale**2))
            weights.append(w[inside].sum())
        if not means:
            raise ValueError(f"no basin holds a share {min_weight:g} of the frames")
        order = np.argsort(weights)[::-1]
        total = np.sum(weights)
        return cls(
            np.array(means)[order], np.array(covs)[order], np.array(weights)[order] / total, period
        )

    def probabilities(self, s) -> np.ndarray:
        """Probability (T, n) of each basin for frames s (T,) or (T, d); rows sum to 1."""
        s = np.asarray(s, dtype=float)
        s = s[:, None] if s.ndim == 1 else s
        log_p = np.empty((len(s), len(self.mean)))
        for k, (mean, cov) in enumerate(zip(self.mean, self.cov, strict=True)):
            root = np.linalg.cholesky(cov)
            z = np.linalg.solve(root, _off(s, mean, self.period).T)
            log_p[:, k] = -0.5 * np.sum(z**2, axis=0) - np.log(np.diag(root)).sum()
        log_p += np.log(self.weight)
        return np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))


def quick_shift(squared, density, cutoff) -> np.ndarray:
    """Peak (n,) to which each point climbs, going to the nearest denser one within the cutoff.

    The nearest neighbour of all may be farther (A. Vedaldi and S. Soatto, ECCV 2008, with the rule
    of scikit-matter's ``QuickShift``).

    Parameters
    ----------
    squared : ndarray, shape (n, n)
        Squared distances.
    density : ndarray, shape (n,)
    cutoff : float
        Squared distance.
    """
    n = len(density)
    apart = squared + np.diag(np.full(n, np.inf))
    closest = apart.argmin(axis=1)
    denser = np.where((density[None] > density[:, None]) & (apart < cutoff), apart, np.inf)
    best = denser.argmin(axis=1)
    found = np.isfinite(denser[np.arange(n), best])
    step = np.where(density[closest] > density, closest, np.arange(n))
    step = np.where(found, best, step)
    while (step[step] != step).any():
        step = step[step]
    return step


def _off(s, centre, period):
    off = s - centre
    live = np.isfinite(period)
    off[:, live] -= period[live] * np.rint(off[:, live] / period[live])
    return off


def _mean(s, w, period):
    """Mean (d,); on a circle that of the directions."""
    mean = w @ s
    for k in np.flatnonzero(np.isfinite(period)):
        angle = 2 * np.pi * s[:, k] / period[k]
        turn = np.arctan2(w @ np.sin(angle), w @ np.cos(angle))
        mean[k] = turn * period[k] / (2 * np.pi)
        mean[k] += w @ _off(s[:, [k]], mean[k], period[[k]])[:, 0]
    return mean


def _squared(a, b, period):
    return np.stack([np.sum(_off(b, point, period) ** 2, axis=1) for point in a])


def _farthest(z, count, period):
    """Indices of points far from each other, and for every point the nearest of them."""
    chosen = [0]
    distance = _squared(z[:1], z, period)[0]
    owner = np.zeros(len(z), dtype=int)
    for k in range(1, count):
        new = int(distance.argmax())
        if distance[new] == 0.0:
            break
        there = _squared(z[new : new + 1], z, period)[0]
        closer = there < distance
        owner[closer], distance[closer] = k, there[closer]
        chosen.append(new)
    return np.array(chosen), owner
