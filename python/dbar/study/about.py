"""What a model file says about its model: where it comes from, for whom it may be used."""

from __future__ import annotations

import os
from collections.abc import Iterable

import h5py

from dbar.store.h5md import read_json
from dbar.store.parameters import check_kinds, is_number, is_text

__all__ = ["ModelFileError", "needs", "read_about"]


class ModelFileError(RuntimeError):
    """A model file cannot be read or written; the message names file and reason."""


def _is_sampling(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    numbers = list(value.values())
    known = {"dt", "nevery", "nrepeat", "nfreq"} <= set(value)
    return (known or None in numbers) and all(one is None or is_number(one) for one in numbers)


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(is_number(one) for one in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(is_text(one) for one in value)


_NUMBER = (is_number, "a finite number")
# What others rely on; a file may say more, and less.
_KINDS = {
    "descriptor": (lambda value: isinstance(value, dict), "a JSON object"),
    "units": (is_text, "text"),
    "dtau": (lambda value: is_number(value) and value > 0, "a positive number"),
    "components": _NUMBER,
    "checked_horizon": _NUMBER,
    "runs": (lambda value: isinstance(value, list), "a list"),
    "unstable": _NUMBER,
    "cautions": (_is_texts, "a list of texts"),
    "masses": (lambda value: value is None or isinstance(value, list), "a list"),
    "atoms": (_is_range, "two numbers"),
    "sampling": (_is_sampling, "dt, nevery, nrepeat and nfreq"),
}


def read_about(path: str | os.PathLike[str], file: h5py.File) -> dict:
    """Return what an open model file says.

    Raises
    ------
    ModelFileError
        If a value is of another kind than `dbar fit` writes.
    StoreError
        If it is no JSON object.
    """
    found = read_json(file, "about")
    wrong = check_kinds(found, _KINDS)
    if wrong:
        raise ModelFileError(f"{path}: about: {wrong}")
    return found


def needs(path: str | os.PathLike[str], about: dict, names: Iterable[str]) -> None:
    """Refuse a model whose file does not say all of `names`.

    Raises
    ------
    ModelFileError
        Naming the first that is missing.
    """
    for name in names:
        if name not in about:
            raise ModelFileError(
                f"{path}: about: {name} is missing, expected a model made by `dbar fit`"
            )
