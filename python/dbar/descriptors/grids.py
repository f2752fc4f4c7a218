"""Grids on which a band-limited field is sampled so that its modulus can be integrated."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.plane_waves import PlaneWaves

# Lengths that the fast Fourier transform takes quickly. Without 2: centred cells have sites half a
# vector apart.
_FACTORS = (3, 5, 7, 11, 13)
_ROOM = 1.6  # no more points than this times those asked for, to be out of step


def grid_shape(least: np.ndarray, waves: PlaneWaves, power: np.ndarray) -> tuple[int, int, int]:
    """Return numbers of points, at least `least`, quick to transform, out of step with a crystal.

    A crystal of p cells along a vector would show all of them the same points of the grid if p
    and the number of points had a common factor: fewer different points, whose errors add up. So
    the number has none of the factors by which the field repeats.

    Parameters
    ----------
    least : ndarray, shape (3,)
        Smallest numbers of points.
    waves : PlaneWaves
        Waves of which the field is made.
    power : ndarray, shape (waves,)
        Weight of each in the field.
    """
    shape = []
    for axis in range(3):
        numbers = waves.numbers[: len(power), axis]
        if not numbers.any():  # the field does not change in this direction
            shape.append(1)
            continue
        factors = [p for p in _FACTORS if not _repeats(numbers, power, p)]
        some = int(least[axis])
        shape.append(_next_product(some, factors, _ROOM) or _next_product(some, _FACTORS, np.inf))
    return tuple(shape)


def _repeats(numbers: np.ndarray, power: np.ndarray, p: int) -> bool:
    """Whether the field is more like one of period 1/p than like one of any period."""
    moving = numbers != 0
    total = power[moving].sum()
    share = power[moving & (numbers % p == 0)].sum()
    return share > 0.5 * (1.0 + 1.0 / p) * total


def _next_product(least: int, factors, room: float) -> int | None:
    """Return the smallest number from `least` to `room` times it that is a product of factors."""
    number = least
    while number <= room * least:
        if _is_product(number, factors):
            return number
        number += 1
    return None


def _is_product(number: int, factors) -> bool:
    for p in factors:
        while number % p == 0:
            number //= p
    return number == 1
