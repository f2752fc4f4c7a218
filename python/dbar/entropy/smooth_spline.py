"""Splines through rounded samples: as few knots as the rounding allows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import linalg

__all__ = ["Fit", "Rounding", "fitted", "thinned"]

_DEGREE = 5
_PIECES = 3  # of so many knots at one place: C2, and tables made of cubic pieces can be met exactly
_ORDER = 6  # differences of this order leave nothing of a smooth function
_SPREAD = np.sqrt(924.0)  # of them, for independent noise of 1: root of sum of squared binomials
_WINDOW = 200  # samples whose noise is one number
_NARROWEST = 30  # samples between two knots at least
_GRID = 0.01  # kinks are sought at its multiples: such forms are written with round numbers
_REFINED = 3  # normal equations lose digits; solving for what is left wins them back
_SIGMAS = 5.0  # by how much the mean square of an interval may exceed 1, in its own spread


@dataclass
class Rounding:
    """Noise of samples.

    Attributes
    ----------
    sigma : ndarray, shape (n,)
        Standard deviation of each sample.
    digits : float
        Typical noise over the precision of a double: about 1 for samples that were not rounded.
    """

    sigma: np.ndarray
    digits: float

    @classmethod
    def of(cls, y: np.ndarray) -> Rounding:
        """Noise of samples at equal distances, from the median of their sixth differences."""
        from scipy import ndimage

        high = np.abs(np.diff(y, _ORDER)) / _SPREAD
        eps, starts = np.finfo(float).eps, range(0, len(high), _WINDOW)
        # a kink is met by a few differences only, which a median does not see
        noise = np.array([np.median(high[k : k + _WINDOW]) / 0.6745 for k in starts])
        size = np.array([np.max(np.abs(y[k : k + _WINDOW])) for k in starts])
        least = np.maximum(eps * size, np.finfo(float).tiny)
        digits = float(np.median(noise / least))
        if np.any(noise > 0):  # where values end in zeros by chance: as elsewhere
            noise = np.maximum(noise, 0.1 * np.median(noise[noise > 0]))
        # rounding changes by powers of ten, and not where a window ends
        noise = ndimage.maximum_filter1d(noise, 3)
        places = np.minimum(np.arange(len(y)) // _WINDOW, len(noise) - 1)
        return cls(np.maximum(noise, least)[places], digits)


@dataclass
class Fit:
    """A spline at its samples.

    Attributes
    ----------
    values : ndarray, shape (n,)
    excess : float
        Largest difference to a sample over its noise.
    knots : int
    kinks : list of float
        Where its second derivative jumps, as that of the samples does.
    """

    values: np.ndarray
    excess: float
    knots: int
    kinks: list[float]


def fitted(
    x: np.ndarray,
    y: np.ndarray,
    sigma: np.ndarray,
    knots: np.ndarray,
    *,
    limit: float,
    last: int = 0,
    kinked: bool = False,
) -> Fit:
    """Least-squares spline of degree 5 (C2) through samples, if possible within their noise.

    Intervals between knots in which the residual is larger than the noise are halved, as long as
    they have 60 samples.

    Parameters
    ----------
    x, y, sigma : ndarray, shape (n,)
    knots : ndarray
        To begin with, both ends included.
    limit : float
        Residual over noise that is too much.
    last : int
        How many of value, slope and curvature are 0 at the upper end.
    kinked : bool
        Where all that does not help, look for a kink (a jump of the second derivative) at multiples
        of 0.01.
    """
    kinks: list[float] = []
    while True:
        fit = _refined(x, y, sigma, knots, last, kinks)
        if fit.excess <= limit or not kinked:
            return fit
        kink = _kink(x, y, sigma, fit, knots, kinks)
        if kink is None:
            return fit
        kinks = sorted([*kinks, kink])


def thinned(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Knots with 30 samples or more between each two of them; both ends stay."""
    kept = [0]
    places = np.searchsorted(x, knots)
    for k in range(1, len(knots) - 1):
        if places[k] - places[kept[-1]] >= _NARROWEST and len(x) - places[k] >= _NARROWEST:
            kept.append(k)
    return knots[[*kept, len(knots) - 1]]


def _refined(x, y, sigma, knots, last, kinks) -> Fit:
    knots = _with_kinks(x, knots, kinks)
    while True:
        found = _least_squares(x, y, sigma, knots, last, kinks)
        residual = (found - y) / sigma
        wrong = _too_coarse(x, residual, knots)
        if not len(wrong):
            return Fit(found, float(np.max(np.abs(residual))), len(knots), kinks)
        knots = np.sort(np.concatenate([knots, 0.5 * (knots[wrong] + knots[wrong + 1])]))


def _with_kinks(x, knots, kinks):
    """Knots and kinks, without knots so close to a kink that few samples lie between."""
    near = _NARROWEST * (x[1] - x[0])
    free = [t for t in knots[1:-1] if all(abs(t - kink) > near for kink in kinks)]
    return np.sort(np.concatenate([[knots[0]], free, kinks, [knots[-1]]]))


def _kink(x, y, sigma, fit, knots, kinks) -> float | None:
    """Where a jump of the second derivative helps most with what is worst, None if nowhere."""
    worst = x[int(np.argmax(np.abs(fit.values - y) / sigma))]
    gap = float(np.min(np.diff(knots)))
    window = np.abs(x - worst) <= 3 * gap
    low, high = x[window][[0, -1]]
    inside = np.concatenate([[low], knots[(knots > low) & (knots < high)], [high]])
    inside = thinned(x[window], inside)
    part = (x[window], y[window], sigma[window])
    known = [kink for kink in kinks if low < kink < high]
    options = _GRID * np.arange(int((worst - gap) / _GRID), int((worst + gap) / _GRID) + 2)
    near = _NARROWEST * (x[1] - x[0])
    best = (0.5 * fit.excess, None)  # a kink that explains nothing is none
    for option in options:
        place = float(round(option, 2))
        if not low < place < high or min(abs(place - t) for t in (low, high, *known)) < near:
            continue
        found = _refined(*part, inside, 0, sorted([*known, place])).excess
        if found < best[0]:
            best = (found, place)
    return best[1]


def _least_squares(x, y, sigma, knots, last, kinks):
    from scipy.interpolate import BSpline

    times = np.where(np.isin(knots, kinks), _PIECES + 1, _PIECES)
    times[[0, -1]] = _DEGREE + 1
    basis = BSpline.design_matrix(x, np.repeat(knots, times), _DEGREE).tocsc()
    basis = basis[:, : basis.shape[1] - last]
    scaled = basis.multiply(1.0 / sigma[:, None]).tocsc()
    normal = (scaled.T @ scaled).tocsc()
    band = np.zeros((_DEGREE + 1, normal.shape[0]))
    for k in range(_DEGREE + 1):
        band[k, : band.shape[1] - k] = normal.diagonal(-k)
    weights = np.zeros(band.shape[1])
    for _ in range(_REFINED):
        off = (y - basis @ weights) / sigma
        weights += linalg.solveh_banded(band, scaled.T @ off, lower=True)
    return basis @ weights


def _too_coarse(x, residual, knots):
    """Intervals whose residual is no noise, and that can be halved."""
    places = np.searchsorted(x, knots)
    found = []
    for k, (a, b) in enumerate(itertools.pairwise(places)):
        if b - a < 2 * _NARROWEST:
            continue
        if np.mean(residual[a:b] ** 2) > 1.0 + _SIGMAS * np.sqrt(2.0 / (b - a)):
            found.append(k)
    return np.array(found, dtype=int)
