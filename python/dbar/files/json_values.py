"""Values of JSON files, checked: what is wrong is named with its key."""

from __future__ import annotations

import math
import reprlib

import numpy as np

__all__ = ["integer", "keys", "number", "numbers", "refuse"]


def refuse(key: str, value, expected: str):
    """Raise a ValueError with the key, what was found and what was expected."""
    raise ValueError(f"{key}: found {reprlib.repr(value)}, expected {expected}")


def keys(found: dict, expected) -> None:
    """Raise ValueError unless there are these keys and no others."""
    for key in expected:
        if key not in found:
            raise ValueError(
                f"{key}: found nothing, expected one of the keys {', '.join(expected)}"
            )
    for key in found:
        if key not in expected:
            raise ValueError(
                f"{reprlib.repr(key)}: found a key, expected {', '.join(expected)} alone"
            )


def number(key: str, value) -> float:
    """A finite number.

    Raises
    ------
    ValueError
        As do all functions here.
    """
    found = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:  # an integer of 400 digits
            pass
    if not math.isfinite(found):
        refuse(key, value, "a finite number")
    return found


def integer(key: str, value, low: int, high: int) -> int:
    """An integer from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        refuse(key, value, f"an integer from {low} to {high}")
    return value


def numbers(key: str, value, shape: tuple, least: float = -math.inf) -> np.ndarray:
    """Nested lists of finite numbers, as deep as `shape` and no deeper."""

    def walk(key, value, shape):
        if not shape:
            found = number(key, value)
            return found if found >= least else refuse(key, value, f"at least {least:g}")
        if not isinstance(value, list) or len(value) != shape[0]:
            held = f"a list of {len(value)}" if isinstance(value, list) else reprlib.repr(value)
            raise ValueError(f"{key}: found {held}, expected a list of {shape[0]}")
        return [walk(f"{key}[{k}]", each, shape[1:]) for k, each in enumerate(value)]

    return np.array(walk(key, value, shape), dtype=float).reshape(shape)
