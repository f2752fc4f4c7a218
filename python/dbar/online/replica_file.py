"""Statistics of one replica of an ensemble as a file: what the replicas exchange.

A line of JSON (who, when, made with what), then the arrays of `LaggedMoments` with a check sum.
The file appears complete or not at all; nothing in it is ever unpickled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_type_hints

import numpy as np

from dbar.files.atomic import replacing
from dbar.files.kinds import Kind
from dbar.statistics.moments import LaggedMoments
from dbar.store.checkpoint import pack, unpack
from dbar.store.h5md import StoreError
from dbar.version import __version__

__all__ = [
    "SCHEMA",
    "Note",
    "OtherSchema",
    "read_note",
    "read_shared",
    "read_statistics",
    "write_statistics",
]

SCHEMA = 3
_KIND = "dbar replica statistics"
_LONGEST = 1 << 20  # bytes of the first line


class OtherSchema(StoreError):
    """A file is whole, but written by another version of dbar."""


@dataclass(frozen=True)
class Note:
    """First line of the file of a replica.

    Attributes
    ----------
    replica : int
        Number of the replica, part of what decides which transition joins which bag.
    first, replicas : int
        The launch it belongs to: replicas first ... first + replicas - 1.
    regime : int
        Number of the regime that the statistics are of.
    transitions : int
        Transitions learnt so far, in all regimes.
    ended : bool
        No more will come.
    published : float
        Seconds since 1970.
    settings : dict
        What statistics that are added must have in common.
    clock : str
        Which clock `published` is of (`dbar.online.launch.clock`): those of two computers differ.
    """

    replica: int
    first: int
    replicas: int
    regime: int
    transitions: int
    ended: bool
    published: float
    settings: dict
    clock: str = ""

    @property
    def order(self) -> tuple[int, bool]:
        """Of two notes of a replica the one with the larger value is newer."""
        return self.transitions, self.ended

    def overlaps(self, first: int, replicas: int) -> bool:
        """Whether its launch has a replica number in common with first ... first + replicas - 1."""
        return self.first < first + replicas and first < self.first + self.replicas


_KINDS = get_type_hints(Note)


def write_statistics(
    path: Path, note: Note, moments: LaggedMoments, more: dict[str, np.ndarray] | None = None
) -> None:
    """Write the file of a replica, in place of the one that was there.

    Parameters
    ----------
    path : Path
    note : Note
    moments : LaggedMoments
    more : dict of arrays, optional
        What else is shared, for `read_shared`; names must not begin with "moments_".

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    head = {"kind": _KIND, "schema": SCHEMA, "dbar_version": __version__, **asdict(note)}
    blob = pack(note.transitions, note.transitions, moments.get_state() | (more or {}))
    try:
        with replacing(path, Kind.REPLICA) as part, part.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.write(blob.tobytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path}: cannot be written ({reason})") from None


def read_note(path: Path) -> Note | None:
    """First line of a file, None if there is no such file.

    Raises
    ------
    StoreError
        If it is another kind of file, damaged, or of another schema.
    """
    found = _open(path, False)
    return found[0] if found else None


def read_statistics(path: Path) -> tuple[Note, LaggedMoments] | None:
    """Note and statistics of `read_shared`."""
    found = read_shared(path)
    return None if found is None else found[:2]


def read_shared(path: Path) -> tuple[Note, LaggedMoments, dict[str, np.ndarray]] | None:
    """Read all that `write_statistics` wrote, None if there is no such file.

    Raises
    ------
    StoreError
        If it is another kind of file, damaged, or of another schema.
    """
    found = _open(path, True)
    if found is None:
        return None
    note, rest = found
    checked = unpack(np.frombuffer(rest, dtype=np.uint8))
    if checked is None or checked.snapshots != note.transitions:
        raise StoreError(f"{path}: truncated or corrupt (the check sum does not match)")
    try:
        moments = LaggedMoments.from_state(checked.arrays)
        numbers = (moments.count, moments.mean, moments.comoment)
        if not all(np.isfinite(part).all() for part in numbers):
            raise ValueError("numbers that are not finite")
        if not 0.0 < moments.coverage <= 1.0:
            raise ValueError(f"coverage is {moments.coverage:g}, expected above 0 and up to 1")
        more = {k: v for k, v in checked.arrays.items() if not k.startswith("moments_")}
        for name, value in more.items():
            if value.dtype.kind not in "fi" or not np.isfinite(value).all():
                raise ValueError(f"{name} holds what is no finite number")
        return note, moments, more
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise StoreError(f"{path}: truncated or corrupt ({error})") from None


def _open(path: Path, whole: bool) -> tuple[Note, bytes] | None:
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST)
            rest = file.read() if whole else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        head = json.loads(line)
        if not isinstance(head, dict) or head.pop("kind", None) != _KIND:
            raise ValueError("not a file of replica statistics")
        schema, version = head.pop("schema"), head.pop("dbar_version")
        if schema != SCHEMA:
            raise OtherSchema(
                f"{path}: schema {schema} (written by dbar {version}), this dbar {__version__} "
                f"reads schema {SCHEMA}: use the same dbar or another folder"
            )
        for name, kind in _KINDS.items():
            if type(head[name]) is not kind:  # not isinstance: True is an int
                raise ValueError(f"{name} is {head[name]!r}, expected {kind.__name__}")
        return Note(**head), rest
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{path}: truncated or corrupt ({error})") from None
