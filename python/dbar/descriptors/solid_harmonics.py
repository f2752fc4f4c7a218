"""Real solid harmonics of many vectors at once, degree by degree."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sqrt

import numpy as np


def solid_harmonics(lmax: int, vectors: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield the functions of degree 0, then those of degree 1, and so on up to `lmax`.

    Parameters
    ----------
    lmax : int
        Largest degree.
    vectors : ndarray, shape (3, n)
        Where they are evaluated.

    Yields
    ------
    list of ndarray, shape (n,)
        For m = 0 ... l, with orthonormal real Y_lm: r^l Y_l0, then r^l (Y_lm + i Y_l-m). They are
        found from those of the two degrees before (the recursion of the associated Legendre
        functions times r^l), without angles.
    """
    x, y, z = vectors
    square = x * x + y * y + z * z
    before: list[np.ndarray] = []
    now = [np.full_like(x, 1.0 / sqrt(4.0 * pi))]
    yield now
    for l in range(1, lmax + 1):  # noqa: E741
        inner = [_next(l, m, z, square, now, before) for m in range(l)]
        # from m = 0 to m = 1 the real functions become two
        c = sqrt((2 * l + 1) / (2 * l)) * (sqrt(2.0) if l == 1 else 1.0)
        before, now = now, [*inner, c * (x + 1j * y) * now[-1]]
        yield now


def _next(l: int, m: int, z, square, now, before) -> np.ndarray:  # noqa: E741
    """Return the function of degree l and m < l from those of degree l - 1 and l - 2."""
    a = sqrt((4 * l * l - 1) / (l * l - m * m))
    value = a * z * now[m]
    if m < l - 1:
        b = a * sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1))
        value -= b * square * before[m]
    return value
