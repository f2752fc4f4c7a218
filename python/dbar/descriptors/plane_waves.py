"""The Fourier transform of the atoms of a box, at all wave vectors up to some length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.descriptors.boxes import Box

_CHUNK = 2**22  # complex numbers that stand in memory at a time


@dataclass(frozen=True)
class PlaneWaves:
    """Wave vectors of a box, the shortest first, and of k and -k one: a real field has both."""

    numbers: np.ndarray  # (n, 3) periods along each vector of the box
    vectors: np.ndarray  # (3, n)
    lengths: np.ndarray  # (n,)
    density: np.ndarray  # (species, n) sum over atoms of exp(-i k.r)


def reach(box: Box, longest: float) -> np.ndarray:
    """Return the largest number of periods along each vector that a wave up to `longest` has."""
    return np.floor(longest * box.lengths / (2.0 * np.pi) * (1.0 + 1e-12))


def plane_waves(box: Box, types: np.ndarray, n_species: int, longest: float) -> PlaneWaves:
    """Sum over the atoms of each species, exactly, at all wave vectors up to a length but zero."""
    most = reach(box, longest).astype(int)
    ranges = [np.arange(-most[0], most[0] + 1), np.arange(-most[1], most[1] + 1)]
    ranges.append(np.arange(most[2] + 1))
    numbers = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = box.waves.T @ numbers.T
    lengths = np.sqrt(np.sum(vectors * vectors, axis=0))
    first, second, third = numbers.T
    half = (third > 0) | ((third == 0) & ((second > 0) | ((second == 0) & (first > 0))))
    kept = np.flatnonzero(half & (lengths <= longest))
    order = kept[np.argsort(lengths[kept], kind="stable")]
    density = np.stack([_sums(box.fractions[types == s], ranges)[order] for s in range(n_species)])
    return PlaneWaves(numbers[order], vectors[:, order], lengths[order], density)


def _sums(fractions: np.ndarray, ranges: list[np.ndarray]) -> np.ndarray:
    """Return the sum over atoms at all combinations of three ranges of numbers, flat."""
    first, second, third = (
        np.exp(-2j * np.pi * np.outer(fractions[:, axis], each)) for axis, each in enumerate(ranges)
    )
    plane = second.shape[1] * third.shape[1]
    total = np.zeros((first.shape[1], plane), dtype=complex)
    step = max(1, _CHUNK // plane)
    for start in range(0, len(fractions), step):
        part = slice(start, start + step)
        inner = second[part, :, None] * third[part, None, :]
        total += first[part].T @ inner.reshape(-1, plane)
    return total.ravel()
