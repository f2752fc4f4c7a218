"""What a store says about its run: the settings, each of the kind that everybody relies on."""

from __future__ import annotations

import math
from collections.abc import Callable

import h5py
import numpy as np

from dbar.store.h5md import StoreError, read_json

__all__ = ["check_kinds", "checked_time", "is_number", "is_text", "read_config", "read_parameters"]

DESCRIPTOR = "parameters/dbar/descriptor"
CONFIG = "parameters/dbar/monitor/config"


def is_number(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_text(value: object) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return is_number(value) and value > 0 and value == int(value)


def _is_list(value: object) -> bool:
    return value is None or isinstance(value, list)


def _is_whole(value: object) -> bool:
    return isinstance(value, dict)


def _is_object(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _is_chunking(value: object) -> bool:
    """Whether a number of chunks, and bins along the axes if there are some, go together."""
    if not isinstance(value, dict) or not _is_count(value.get("count")):
        return False
    grid = value.get("grid")
    if grid is None:
        return True
    counts = isinstance(grid, list) and len(grid) == 3 and all(map(_is_count, grid))
    return counts and math.prod(grid) == value["count"]


_NUMBER = (is_number, "a finite number")
_COUNT = (_is_count, "a whole number above 0")
_TEXT = (is_text, "text")
_OBJECT = (_is_object, "a JSON object")
_KINDS = {
    "descriptor": (_is_whole, "a JSON object"),
    "units": _TEXT,
    "dt": _NUMBER,
    "nevery": _COUNT,
    "nrepeat": _COUNT,
    "nfreq": _COUNT,
    "size": _COUNT,
    "observables": (_is_list, "a list"),
    "masses": (_is_list, "a list"),
    "observe": _OBJECT,
    "seldom": _OBJECT,
    "chunk": (_is_chunking, "a JSON object with a count of chunks, and the bins of their grid"),
}
_MONITOR = dict.fromkeys(
    ("m_limit", "false_alarm", "memory", "coverage", "refit_growth", "ensemble_wait", "patience",
     "persist", "reference", "min_snapshots", "order", "latent_dim", "n_bags", "seed", "replica"),
    _NUMBER,
) | {"model": _OBJECT}  # fmt: skip
_WORDS = {"words": (_is_whole, "a JSON object")}


def read_parameters(file: h5py.File) -> dict:
    """Return the settings of an open store, as far as it has them.

    Raises
    ------
    StoreError
        If they are no JSON object, or one of them is of another kind than the writer's.
    """
    found = read_json(file, DESCRIPTOR)
    wrong = check_kinds(found, _KINDS) or check_kinds(found.get("descriptor", {}), _WORDS)
    if wrong:
        raise StoreError(f"{file.filename}: {DESCRIPTOR}: {wrong}")
    return found


def read_config(file: h5py.File) -> dict:
    """Return the settings of the monitor of an open store, {} if there was none.

    Raises
    ------
    StoreError
        As `read_parameters`.
    """
    found = read_json(file, CONFIG)
    wrong = check_kinds(found, _MONITOR)
    if wrong:
        raise StoreError(f"{file.filename}: {CONFIG}: {wrong}")
    return found


def checked_time(file: h5py.File, time: np.ndarray) -> np.ndarray:
    """Return times of snapshots.

    Raises
    ------
    StoreError
        If one is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(time))
    if len(bad):
        raise StoreError(
            f"{file.filename}: time of snapshot {bad[0] + 1}: found {time[bad[0]]}, expected a "
            "finite number"
        )
    return time


def check_kinds(found: dict, kinds: dict[str, tuple[Callable[[object], bool], str]]) -> str:
    """Return what is wrong with the first value of another kind, "" if nothing is."""
    for key, (good, expected) in kinds.items():
        if key in found and not good(found[key]):
            return f"{key}: found {found[key]!r}, expected {expected}"
    return ""
