"""Random signs for stochastic traces: the same for the same seed, probe and atom."""

from __future__ import annotations

import operator

import numpy as np

__all__ = ["check_integer", "check_probes", "random_signs"]


def check_probes(probes: object, seed: object) -> tuple[int, int]:
    """Number of probes and seed as integers.

    Raises
    ------
    ValueError
        Unless there are two probes at least (one has no standard error) and the seed is an integer
        from 0 on.
    """
    return check_integer("probes", probes, 2), check_integer("seed", seed, 0)


def check_integer(name: str, value: object, least: int) -> int:
    """The value as an integer.

    Raises
    ------
    ValueError
        Unless it is one, and not below `least`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ValueError(f"{name}: found {value!r}, expected an integer from {least} on")
    return number


def random_signs(n: int, seed: int, probe: int, stream: int = 0) -> np.ndarray:
    """Independent signs +1 and -1 (n, 3) of one probe.

    Parameters
    ----------
    n : int
        Number of atoms.
    seed, probe : int
    stream : int
        Another one has independent signs.
    """
    numbers = np.random.default_rng([seed, probe, stream])
    return 2.0 * numbers.integers(0, 2, size=(n, 3)) - 1.0
