"""Solid-harmonic wavelets at work: integrals of the modulus of a density convolved with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from math import pi, sqrt

import numpy as np

from dbar.descriptors.boxes import Box, box_around, repeated_vectors
from dbar.descriptors.grids import grid_shape
from dbar.descriptors.plane_waves import PlaneWaves, plane_waves, reach
from dbar.descriptors.solid_harmonics import solid_harmonics

_OUTSIDE = 1e-6  # of the integral of one atom, beyond the edge of a box around a cluster
_LEFT_OUT = 1e-4  # largest amplitude of the waves of one atom that are too short for a grid
_NEGLIGIBLE = 1e-10  # amplitude of those that are left out on any grid
_WIDEST_SPACING = 0.5
# A modulus has kinks, however few waves there are: a grid has at least as many points along a
# vector as if this were that many widths long.
_FEWEST = 12.0


def spacing_limit(lmax: int) -> float:
    """Return the largest distance of grid points, in widths, that degrees up to `lmax` allow."""
    return min(_WIDEST_SPACING, pi / _wave_beyond_which(lmax, _LEFT_OUT))


def _wave_beyond_which(lmax: int, amplitude: float) -> float:
    """Return the k w beyond which the waves of one atom have this share of its amplitude."""
    from scipy.special import gammainccinv

    # the share of its power beyond x is Q(l + 3/2, x^2), largest for the largest degree
    return sqrt(gammainccinv(lmax + 1.5, amplitude**2))


@dataclass(frozen=True)
class Wavelets:
    """Wavelets of all scales and degrees, and the grids on which they are integrated.

    A Gaussian of width sigma, convolved with a wavelet of size s, is (s/w)^l times the wavelet of
    size w = sqrt(s^2 + sigma^2). All lengths of a scale go with this width w.
    """

    scales: tuple[float, ...]
    lmax: int
    sigma: float
    unit: float
    spacing: float
    max_points: int

    @cached_property
    def sizes(self) -> np.ndarray:
        """Lengths unit 2^j."""
        return self.unit * 2.0 ** np.asarray(self.scales)

    @cached_property
    def widths(self) -> np.ndarray:
        """Widths of the convolved Gaussians."""
        return np.hypot(self.sizes, self.sigma)

    @cached_property
    def cut(self) -> float:
        """Largest k w of waves that are not left out."""
        return min(pi / self.spacing, _wave_beyond_which(self.lmax, _NEGLIGIBLE))

    def integrals(self, points, types, n_species, cell, periodic, threads, run) -> np.ndarray:
        """Return S of each species, scale and degree.

        Parameters
        ----------
        points : ndarray, shape (n, 3)
            Positions.
        types : ndarray of int, shape (n,)
            Species, from 0.
        n_species : int
            Number of species; each is a density of its own.
        cell : ndarray, shape (3, 3)
            Cell vectors.
        periodic : sequence of three bool
            Directions that repeat.
        threads : int
            Threads to use.
        run : callable
            ``map``, or that of a pool with these threads.

        Returns
        -------
        ndarray, shape (n_species, scales, lmax + 1)

        Raises
        ------
        ValueError
            A grid of more than `max_points` points, or a periodic direction without a vector.
        """
        out = np.zeros((n_species, len(self.scales), self.lmax + 1))
        # of degree 0 the convolved density is positive, and its integral that of one atom each
        out[:, :, 0] = np.bincount(types, minlength=n_species)[:, None] / sqrt(4.0 * pi)
        vectors, across = repeated_vectors(cell, periodic)
        if len(points) and self.lmax > 0:
            boxes = list(self._boxes(points, vectors, across))
            inner = run if len(boxes) == 1 else map  # a task of the pool must not wait for others
            tasks = (run if len(boxes) > 1 else map)(
                lambda task: self._fill(out, *task, types, threads, inner), boxes
            )
            for _ in tasks:
                pass
        return out

    def _boxes(self, points, vectors, across) -> Iterator[tuple[Box, list[int]]]:
        """Yield boxes and the scales to which they belong: one for all, or one for each."""
        every = list(range(len(self.scales)))
        if len(vectors) == 3:
            yield box_around(points, vectors, across, 0.0), every
            return
        from scipy.special import gammainccinv

        margin = sqrt(2.0 * gammainccinv(0.5 * (self.lmax + 3), _OUTSIDE))
        for i in every:
            yield box_around(points, vectors, across, margin * self.widths[i]), [i]

    def _fill(self, out, box: Box, which: list[int], types, threads: int, run: Callable) -> None:
        least = [self._least(box, i) for i in which]
        finest = float(self.widths[which].min())
        waves = plane_waves(box, types, len(out), self.cut / finest)
        fields = [self._field(waves, i, n) for i, n in zip(which, least, strict=True)]
        # the finest grid takes about a third of the time, the others run beside it
        workers = max(1, threads // 3)
        for l, functions in enumerate(solid_harmonics(self.lmax, finest * waves.vectors)):  # noqa: E741
            if l > 0:
                found = run(partial(_integrals, functions, l, workers), fields)
                for i, values in zip(which, found, strict=True):
                    out[:, i, l] = (self.sizes[i] / finest) ** l * values

    def _least(self, box: Box, i: int) -> np.ndarray:
        """Return the smallest numbers of points, shape (3,), that do for a scale."""
        width = self.widths[i]
        least = np.ceil(np.maximum(box.lengths / width, _FEWEST) / self.spacing)
        least = np.maximum(least, 2.0 * reach(box, self.cut / width) + 1.0)
        self._check(least, i)
        return least

    def _check(self, shape, i: int) -> None:
        if not np.prod(np.asarray(shape, dtype=float)) <= self.max_points:
            grid = " x ".join(f"{n:.0f}" for n in shape)
            raise ValueError(
                f"max_points: found a grid of {grid} points for j = {self.scales[i]:g}, expected "
                f"at most {self.max_points} points; a larger spacing or unit needs fewer"
            )

    def _field(self, waves: PlaneWaves, i: int, least: np.ndarray) -> Field:
        longest = self.cut / self.widths[i]
        count = int(np.searchsorted(waves.lengths, longest, side="right"))
        lengths = waves.lengths[:count]
        amplitude = waves.density[:, :count] * np.exp(-0.5 * (lengths * self.widths[i]) ** 2)
        power = (np.abs(amplitude) ** 2).sum(axis=0) * lengths**2
        shape = grid_shape(least, waves, power)
        self._check(shape, i)
        numbers = waves.numbers[:count].T
        place = [np.ravel_multi_index(sign * numbers, shape, mode="wrap") for sign in (1, -1)]
        return Field(shape, np.stack(place), amplitude)


@dataclass(frozen=True)
class Field:
    """A density, smoothed to the width of one scale, as waves on a grid."""

    shape: tuple[int, int, int]
    place: np.ndarray  # (2, waves) of each wave and of its opposite in the flat spectrum
    amplitude: np.ndarray  # (species, waves)


def _integrals(functions: list[np.ndarray], l: int, workers: int, field: Field) -> np.ndarray:  # noqa: E741
    """Return for each species the integral of the root of the sum over m of squares."""
    if not field.place.size:
        return np.zeros(len(field.amplitude))
    # i^l, up to a sign, makes the field real
    turned = field.amplitude * (1j if l % 2 else 1)
    return np.array([_integral(field, each, functions, workers) for each in turned])


def _integral(field: Field, amplitude, functions, workers: int) -> float:
    """Two real fields, of m and of -m, are the parts of one complex one."""
    from scipy.fft import ifftn

    spectrum = np.empty(field.shape, dtype=complex)
    squares = np.zeros((*field.shape, 2))
    for function in functions:
        function = function[: field.place.shape[1]]
        spectrum[...] = 0.0
        spectrum.reshape(-1)[field.place[0]] = amplitude * function
        spectrum.reshape(-1)[field.place[1]] = amplitude.conj() * function
        spectrum = ifftn(spectrum, overwrite_x=True, workers=workers)
        values = spectrum.view(float).reshape(squares.shape)
        values *= values
        squares += values
    return float(np.sqrt(squares.sum(axis=-1)).sum())
