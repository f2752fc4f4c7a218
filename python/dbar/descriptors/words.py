"""Settings of a descriptor as words of an input script, and back."""

from __future__ import annotations

import numpy as np

# Settings that are lists, even of one number.
_LISTS = ("radius", "weight", "neighbors")


def to_word(value) -> str:
    """Return a setting as the parser of the kernels reads it."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return str(value)


def to_value(key: str, text: str):
    """Return the Python value that the text after a keyword stands for."""
    values = [_value(word) for word in text.split()]
    return values if key in _LISTS or len(values) != 1 else values[0]


def _value(word: str):
    """Return a word as the Python value it stands for."""
    if word in ("yes", "no"):
        return word == "yes"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word
