"""Roots of functions that are not defined everywhere: crystals that do not hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from dbar.gpp.errors import UnstableCrystal

__all__ = ["falling_root"]

_GROW = 0.004  # first step towards the root
_LEAST = 1e-5
_FAR = 0.6  # from the start


def falling_root(function: Callable[[float], float], start: float, near: float) -> float:
    """Where a falling function vanishes, within `near`.

    Parameters
    ----------
    function : callable
        Pressure of the logarithm of a lattice constant, say. Where it raises UnstableCrystal,
        steps towards that place become shorter.
    start : float
        Where the search begins; the root is 0.6 away at most.
    near : float

    Raises
    ------
    UnstableCrystal
        If there is no root on the way.
    """
    here, value, step = start, function(start), _GROW
    sign = np.sign(value)
    while True:
        if value == 0.0:
            return here
        far = here + sign * step
        try:
            there = function(far)
        except UnstableCrystal:
            step /= 4.0
            if step < _LEAST:
                raise
            continue
        if np.sign(there) != sign:
            return brentq(function, *sorted((here, far)), xtol=near, rtol=1e-14)
        here, value = far, there
        if abs(here - start) > _FAR:
            raise UnstableCrystal("the pressure has one sign at all lattice constants")
