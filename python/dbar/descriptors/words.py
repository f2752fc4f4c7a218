"""Settings of a descriptor as words of an input script, and back."""

from __future__ import annotations

import numpy as np

from dbar import _kernels

# What the registry calls keywords whose value is a list, even of one number.
_SEVERAL = ("per_species", "species", "numbers")
_MOST = 60  # characters that are shown, as the kernels do


def to_word(value) -> str:
    """Return a setting as the parser of the kernels reads it."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return str(value)


def shown(value) -> str:
    """Return a setting for a message or a table: of a long one the beginning."""
    text = str(value)
    return text if len(text) <= _MOST else text[:_MOST] + "..."


def keywords(family: str) -> dict[str, dict]:
    """Return the keywords of a family: each one's ``kind`` and ``default``, from the kernels."""
    return _kernels.families()[family]


def to_value(text: str, kind: str | None):
    """Return the Python value that the text after a keyword of some kind stands for."""
    if kind in ("numbers", "components") and text == "none":
        return None
    if kind == "basis":
        return text
    if kind == "components":
        return [int(w) if w.isdigit() else w for w in text.replace(";", " ").split()]
    values = [_value(word) for word in text.split()]
    return values if kind in _SEVERAL or len(values) != 1 else values[0]


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
