"""Sizes of numbers whose squares and sums of squares doubles can hold."""

from __future__ import annotations

import numpy as np

__all__ = ["wrong_size"]

_LARGEST = 1e150
_SMALLEST = 1e-140  # of what is largest; others may vary by 1e-12 of it


def wrong_size(values: np.ndarray) -> tuple[int, str] | None:
    """What is wrong with the size of numbers: index of the largest and words, or None.

    Numbers that are all zero are of no size. NaN is not looked for.
    """
    size = np.abs(values).ravel()
    if not size.size:
        return None
    largest = int(np.argmax(size))
    if size[largest] >= _LARGEST:
        return largest, f"expected less than {_LARGEST:g} in size: choose other units"
    if 0.0 < size[largest] < _SMALLEST:
        return largest, f"expected {_SMALLEST:g} or more: choose other units"
    return None
