"""JSON file of a collective variable: what `fix dbar/plumed` and `pair_style dbar` read."""

from __future__ import annotations

import json
from pathlib import Path

from dbar.files.atomic import replacing
from dbar.files.json_file import load_schema
from dbar.files.kinds import Kind

__all__ = ["CV_SCHEMA", "read_cv", "write_cv"]

CV_SCHEMA = "dbar-cv/1"
_NEEDED = ("schema", "name", "lammps_units", "descriptor", "per_atom", "matrix", "form")
_DEFAULTS = {"offset": None, "scale": 1.0, "shift": 0.0, "tanh": None, "comment": ""}


def write_cv(path, content: dict) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    ValueError
        If a number is NaN or infinite, which JSON has no word for.
    OSError
        If it cannot be written, or is a file that is no collective variable of dbar.
    """
    text = json.dumps({"schema": CV_SCHEMA, **content}, indent=1, allow_nan=False) + "\n"
    with replacing(path, Kind.CV) as part:
        part.write_text(text)


def read_cv(path) -> dict:
    """Read a file and check its keys; the numbers are checked by who uses them.

    Keys that the file may leave out have their defaults in what is returned.

    Raises
    ------
    ValueError
        If the file is not JSON, of another schema, or has a key too few or too many.
    """
    path = Path(path)
    found = load_schema(path, CV_SCHEMA)
    for key in _NEEDED:
        if key not in found:
            raise ValueError(f"{path}: {key} is missing")
    known = (*_NEEDED, *_DEFAULTS)
    for key in found:
        if key not in known:
            raise ValueError(f"{path}: {key!r} is not a key; expected {', '.join(known)}")
    return {key: value for key, value in (_DEFAULTS | found).items() if key != "schema"}
