"""Soft basins of collective variables: a mixture of Gaussians on the peaks of their density.

In the manner of probabilistic analysis of molecular motifs (P. Gasparotto and M. Ceriotti, J. Chem.
Phys. 141, 174110 (2014)).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from dbar.bias.circle import mean_of, periods, shortest
from dbar.bias.neighbourhood import bandwidths, log_density, mahalanobis, make_cells, resolution
from dbar.statistics.block_error import normalised

__all__ = ["Basins", "quick_shift"]

_FRAMES = 10  # for each parameter of a line through the variables


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

        A grid of frames is chosen by farthest-point sampling. The density there comes from Gaussian
        kernels of Silverman's width for the neighbourhood of each point, and quick shift joins
        every point to the nearest denser one within `reach` of its widths. Values of few digits,
        as integers are, stand for all that are rounded to them: next to each other they join.
        Deterministic. Costs T x n_grid.

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

        Warns
        -----
        UserWarning
            With fewer than 10 (d + 1) effective frames.
        """
        s = np.asarray(s, dtype=float)
        s = s[:, None] if s.ndim == 1 else s
        w = normalised(np.zeros(len(s)) if log_weights is None else log_weights)
        if s.ndim != 2 or len(w) != len(s) or not np.isfinite(s).all():
            raise ValueError(f"s: found shape {s.shape}, expected ({len(w)}, d), all finite")
        s, w = s[w > 0.0], w[w > 0.0]
        dim = s.shape[1]
        period = periods(period, dim)
        scale = np.sqrt(w @ shortest(s - mean_of(s, w, period), period) ** 2)
        if not (scale > 0.0).all():
            raise ValueError("s: a variable does not vary")
        n_eff, least = 1.0 / np.sum(w**2), _FRAMES * (dim + 1)
        if n_eff < least:
            warnings.warn(
                f"s: found {n_eff:.3g} effective frames, expected {least} or more for {dim} "
                "variables: basins are uncertain",
                stacklevel=2,
            )
        step, box = resolution(s), period / scale
        cells = make_cells(s / scale, w, min(n_grid, len(s)), box)
        cov = bandwidths(cells, n_eff, step / scale, box)
        density = log_density(cells, cov, box)
        root = quick_shift(mahalanobis(cells.at, cov, box), density, reach**2)
        rounded = np.diag(step**2 / 12.0 + 1e-20 * scale**2)
        means, covs, weights = [], [], []
        for peak in np.unique(root):
            inside = root[cells.owner] == peak
            part = w * inside
            if part.sum() < min_weight or inside.sum() <= dim:
                continue
            part = part / part.sum()
            mean = mean_of(s, part, period)
            off = shortest(s - mean, period)
            found = (part[:, None] * off).T @ off
            means.append(mean)
            covs.append(found + 1e-12 * np.diag(np.diag(found)) + rounded)
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
            z = np.linalg.solve(root, shortest(s - mean, self.period).T)
            log_p[:, k] = -0.5 * np.sum(z**2, axis=0) - np.log(np.diag(root)).sum()
        log_p += np.log(self.weight)
        return np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))


def quick_shift(squared, density, cutoff) -> np.ndarray:
    """Peak (n,) to which each point climbs, going to the nearest denser one within the cutoff.

    A. Vedaldi and S. Soatto, ECCV 2008. No point is nearer than the cutoff by being the nearest of
    all: of two phases that are one point each, each is the nearest of the other.

    Parameters
    ----------
    squared : ndarray, shape (n, n)
        Squared distances from each point (row), in its own units.
    density : ndarray, shape (n,)
    cutoff : float
        Squared distance.
    """
    n = len(density)
    denser = (density[None] > density[:, None]) & (squared < cutoff)
    away = np.where(denser, squared, np.inf)
    best = away.argmin(axis=1)
    step = np.where(denser[np.arange(n), best], best, np.arange(n))
    while (step[step] != step).any():
        step = step[step]
    return step
