"""Free-energy surfaces and differences from weighted frames, with errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.bias.circle import mean_of, periods, shortest
from dbar.statistics.block_error import (
    Estimate,
    block_sums,
    effective_size,
    finest,
    log_ratio,
    normalised,
)

__all__ = ["FreeEnergySurface", "free_energy", "free_energy_difference"]

_CHUNK = 8_000_000


@dataclass(frozen=True)
class FreeEnergySurface:
    """F(s) = -kT ln p(s), p being the normalised density.

    Attributes
    ----------
    axes : list of d arrays
        Centres of the bins, or points of the grid.
    F, error : ndarray, shape of the grid
        In units of kT's; infinite where nothing was sampled.
    estimate : Estimate
        F with block lengths, numbers of blocks, whether a plateau was reached, and `interval`.
    n_eff : float
        Kish's effective number of frames.
    """

    axes: list[np.ndarray]
    estimate: Estimate
    n_eff: float

    @property
    def F(self) -> np.ndarray:
        """Free energy."""
        return self.estimate.value

    @property
    def error(self) -> np.ndarray:
        """Standard error."""
        return self.estimate.error


def free_energy(
    s, log_weights, kT, bins=50, bounds=None, method="histogram", bandwidth=None, period=None
):
    """Free-energy surface of one or two variables.

    Parameters
    ----------
    s : array, shape (T,) or (T, d)
        Frames in the order in which they were made; d is 1 or 2. Any variables, not only those
        that were biased.
    log_weights : array, shape (T,)
    kT : float
    bins : int or sequence of int
        Bins or grid points along each variable.
    bounds : sequence of (float, float), optional
        Range of each variable; by default that of the frames, a period at most.
    method : {"histogram", "kde"}
        "kde" broadens the density by Gaussians of width `bandwidth`; F of a well of curvature k
        changes by about k bandwidth^2 / 2.
    bandwidth : float or sequence of float, optional
        By Silverman's rule with the effective number of frames; of a periodic variable the spread
        in it is that about the mean direction.
    period : sequence of float, optional
        Period of each variable, infinite for none. Frames count wherever in their period they
        are given; `bounds` may be any one period of the variable, or part of it.

    Returns
    -------
    FreeEnergySurface

    Raises
    ------
    ValueError
        For shapes that do not agree, fewer than 32 frames, an unknown method, or bins over more
        than a period.
    """
    w = normalised(log_weights)
    s = np.asarray(s, dtype=float)
    s = s[:, None] if s.ndim == 1 else s
    if s.shape[0] != len(w) or s.ndim != 2 or s.shape[1] > 2 or not np.isfinite(s).all():
        raise ValueError(f"s: found shape {s.shape}, expected ({len(w)},) or ({len(w)}, 1 or 2)")
    dim, frames = s.shape[1], finest(len(s))
    bins, period = [int(b) for b in np.broadcast_to(bins, dim)], periods(period, dim)
    if bounds is None:
        low, high = s.min(axis=0), s.max(axis=0)
        bounds = list(zip(low, np.minimum(high, low + period), strict=True))
    bounds = np.reshape(np.asarray(bounds, dtype=float), (-1, 2))
    if bounds.shape != (dim, 2) or not (bounds[:, 1] > bounds[:, 0]).all():
        raise ValueError(f"bounds: found {bounds.tolist()}, expected a lower and upper end each")
    n_eff = effective_size(log_weights)
    if method == "histogram":
        if (bounds[:, 1] - bounds[:, 0] > period * (1.0 + 1e-9)).any():
            raise ValueError(
                f"bounds: found {bounds.tolist()}, expected at most the period {period.tolist()}"
            )
        live = np.isfinite(period)
        s = s.copy()
        s[:, live] = bounds[live, 0] + (s[:, live] - bounds[live, 0]) % period[live]
        axes, cell, sums = _histogram(s, w, bins, bounds, frames)
    elif method == "kde":
        if bandwidth is None:
            spread = np.sqrt(w @ shortest(s - mean_of(s, w, period), period) ** 2)
            bandwidth = spread * (4.0 / (dim + 2.0) / n_eff) ** (1.0 / (dim + 4.0))
        width = np.broadcast_to(np.asarray(bandwidth, dtype=float), dim)
        if not ((width > 0.0) & np.isfinite(width)).all():
            raise ValueError(f"bandwidth: found {bandwidth}, expected positive numbers")
        width = np.minimum(width, 2.0 * period)  # of wider ones the sum around is as even
        axes = [np.linspace(a, b, n) for (a, b), n in zip(bounds, bins, strict=True)]
        cell, sums = 1.0, _kernel_sums(s, w, axes, width, period, frames)
    else:
        raise ValueError(f"method: found {method!r}, expected 'histogram' or 'kde'")
    ratio = log_ratio(sums, block_sums(w, frames), frames)
    shift = kT * np.log(cell)
    shape = tuple(len(axis) for axis in axes)
    parts = (-kT * ratio.value + shift, kT * ratio.error, ratio.n_blocks, ratio.block)
    parts = [part.reshape(shape) for part in (*parts, ratio.plateau)]
    return FreeEnergySurface(axes, Estimate(*parts), n_eff)


def free_energy_difference(log_weights, in_a, in_b, kT) -> Estimate:
    """F_A - F_B = -kT ln (sum w in_a / sum w in_b) with its error.

    Parameters
    ----------
    log_weights : array, shape (T,)
    in_a, in_b : array, shape (T,)
        Membership of each frame: a condition on s, or probabilities.
    kT : float
    """
    w = normalised(log_weights)
    a, b = np.asarray(in_a, dtype=float), np.asarray(in_b, dtype=float)
    for name, values in (("in_a", a), ("in_b", b)):
        if values.shape != w.shape or not ((values >= 0.0) & (values <= 1.0)).all():
            raise ValueError(f"{name}: expected {w.shape} numbers from 0 to 1")
    frames = finest(len(w))
    return log_ratio(block_sums(w * a, frames), block_sums(w * b, frames), frames).scaled(-kT)


def _histogram(s, w, bins, bounds, frames):
    edges = [np.linspace(a, b, n + 1) for (a, b), n in zip(bounds, bins, strict=True)]
    place, inside = np.zeros(len(s), dtype=int), np.ones(len(s), dtype=bool)
    for k, edge in enumerate(edges):
        bin_ = np.searchsorted(edge, s[:, k], side="right") - 1
        bin_[s[:, k] == edge[-1]] = bins[k] - 1
        inside &= (bin_ >= 0) & (bin_ < bins[k])
        place = place * bins[k] + np.clip(bin_, 0, bins[k] - 1)
    blocks, total = len(s) // frames, int(np.prod(bins))
    kept = slice(0, blocks * frames)
    at = np.arange(blocks * frames) // frames * total + place[kept]
    sums = np.bincount(at, w[kept] * inside[kept], blocks * total).reshape(blocks, total)
    cell = np.prod([edge[1] - edge[0] for edge in edges])
    return [0.5 * (edge[1:] + edge[:-1]) for edge in edges], cell, sums


def _kernel_sums(s, w, axes, width, period, frames):
    blocks = len(s) // frames
    total = int(np.prod([len(axis) for axis in axes]))
    sums = np.empty((blocks, total))
    step = max(1, _CHUNK // (total * frames))
    for a in range(0, blocks, step):
        rows = slice(a * frames, min(a + step, blocks) * frames)
        value = w[rows, None]
        for k, axis in enumerate(axes):
            off = shortest(s[rows, k, None, None] - axis[:, None], period[[k]])[..., 0]
            # a wide kernel reaches a point from several sides
            around = np.ceil(6.0 * width[k] / period[k] - 0.5)
            images = period[k] * np.arange(-around, around + 1) if around > 0 else [0.0]
            part = sum(np.exp(-0.5 * ((off + image) / width[k]) ** 2) for image in images)
            part /= np.sqrt(2 * np.pi) * width[k]
            value = (value[:, :, None] * part[:, None, :]).reshape(len(part), -1)
        sums[a : a + step] = value.reshape(-1, frames, total).sum(axis=1)
    return sums
