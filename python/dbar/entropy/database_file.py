"""The file of a database: complete at every moment, and the same however often it was continued.

It holds nothing that depends on when it was written. Each configuration follows from the settings,
from its number and from configurations before it, so what a kill costs is made again, bit for bit.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from dbar.entropy.entropies_file import refuse_other_settings
from dbar.entropy.result import Reference
from dbar.files import examiner
from dbar.files.atomic import check_writable, replacing
from dbar.files.filelock import FileLock, Locked
from dbar.files.hdf5_digest import content_digest
from dbar.files.kinds import Kind
from dbar.files.refused import Refused
from dbar.files.unfinished import open_file

__all__ = ["DatabaseFile", "Held", "Record", "read_held"]

_SCHEMA = "dbar-entropy-database/1"
_SHARE = 10.0  # a file is written anew when so many times of what that took have gone by
_NUMBERS = {
    "energy": float, "log_det": float, "entropy": float, "strain": float, "rough": float,
    "n_zero": int, "label": int, "sites": int, "vacancies": int, "interstitials": int,
    "parent": int, "place": int,
}  # fmt: skip


@dataclass
class Record:
    """A configuration.

    Attributes
    ----------
    positions : ndarray, shape (n, 3)
    cell : ndarray, shape (3, 3)
        Zeros for a cluster.
    numbers : dict
        ``energy``, ``log_det``, ``entropy``, ``n_zero``, ``rough`` of the `Reference`; ``label``
        (of the settings' ``labels``), ``strain``, ``sites``, ``vacancies``, ``interstitials``,
        ``parent``; ``place``, where in the search it was found.
    """

    positions: np.ndarray
    cell: np.ndarray
    numbers: dict[str, float | int]

    @classmethod
    def of(cls, found: Reference, place: int, **more: float | int) -> Record:
        """A record of a reference; `more` is what a cell of a crystal has beyond a cluster."""
        plain = {"label": 0, "strain": 0.0, "sites": 0, "vacancies": 0, "interstitials": 0}
        numbers = {
            "energy": found.energy, "log_det": found.log_det, "entropy": found.entropy,
            "n_zero": found.n_zero, "rough": found.rough, "place": place, "parent": -1,
        }  # fmt: skip
        cell = np.asarray(found.atoms.cell) if found.atoms.pbc.any() else np.zeros((3, 3))
        return cls(found.atoms.positions, cell, {**plain, **numbers, **more})


@dataclass
class Held:
    """What a file holds.

    Attributes
    ----------
    settings : dict
        What the configurations depend on, in terms of JSON.
    records, bulk : list of Record
    given_up : list of int
        Places where nothing new was found.
    """

    settings: dict
    records: list[Record] = field(default_factory=list)
    bulk: list[Record] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)


class DatabaseFile:
    """A database that grows. Use it in a ``with`` block, which keeps others from writing it.

    Parameters
    ----------
    path : path-like
    settings : dict
        What the configurations depend on, in terms of JSON.

    Attributes
    ----------
    held : Held

    Raises
    ------
    ValueError
        If the file was made with other settings, or is damaged.
    OSError
        If it cannot be read or written, is something else, or somebody else is writing it.
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict) -> None:
        self.path = Path(path)
        if self.path.suffix != ".h5":
            raise ValueError(f"{self.path}: expected a name ending in .h5")
        check_writable(self.path, Kind.ENTROPY_DATABASE)
        self._lock = _locked(self.path)
        try:
            self.held = self._opened(json.loads(json.dumps(settings)))
        except BaseException:
            self._lock.release()
            raise
        self._next = 0.0
        self._changed = False

    def _opened(self, settings: dict) -> Held:
        if not self.path.exists():
            return Held(settings)
        held = read_held(self.path)
        refuse_other_settings(self.path, held.settings, settings)
        return held

    def __enter__(self) -> DatabaseFile:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.flush()  # also where one failed: what was finished before is kept
        finally:
            self._lock.release()

    def add(self, record: Record, bulk: bool = False) -> None:
        """Add a configuration; it is on disk at the latest after the next `flush`."""
        (self.held.bulk if bulk else self.held.records).append(record)
        self._written_soon()

    def give_up(self, place: int) -> None:
        """Note that there is nothing new to find at a place."""
        self.held.given_up.append(place)
        self._written_soon()

    def _written_soon(self) -> None:
        self._changed = True
        if time.monotonic() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        if not self._changed:
            return
        start = time.monotonic()
        content = _image(self.held)
        try:
            with replacing(self.path, Kind.ENTROPY_DATABASE) as part, part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # on the disk before it has the name
        except Refused:
            raise
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._changed = False
        end = time.monotonic()
        self._next = end + _SHARE * (end - start)


def read_held(path: Path) -> Held:
    """Read a file.

    Raises
    ------
    ValueError
        If it is no such file or damaged; the message begins with the path.
    OSError
        If it cannot be read.
    """
    with path.open("rb"):  # errors of the system as such
        pass
    if why := examiner.damage(path):
        raise ValueError(f"{path}: no complete database of configurations ({why})")
    try:
        with open_file(path) as file:
            schema = file.attrs.get("schema")
            if schema != _SCHEMA:
                raise ValueError(f"schema: found {schema!r}, expected {_SCHEMA!r}")
            if file.attrs.get("digest") != content_digest(file, "digest"):
                raise ValueError("its content does not match its digest")
            settings = json.loads(file.attrs["settings"])
            records, bulk = _read(file["configurations"]), _read(file["bulk"])
            return Held(settings, records, bulk, file["given_up"][()].tolist())
    except (OSError, KeyError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        raise ValueError(f"{path}: no complete database of configurations ({error})") from None


def _locked(path: Path) -> FileLock:
    try:
        return FileLock(path)
    except Locked as owner:
        raise Refused(path, f"is being written by {owner}, expected nobody") from None


def _read(group: h5py.Group) -> list[Record]:
    columns = {name: group[name][()].tolist() for name in _NUMBERS}
    positions, cells, counts = (group[name][()] for name in ("positions", "cell", "atoms"))
    parts = np.split(positions, np.cumsum(counts)[:-1]) if len(counts) else []
    return [
        Record(parts[k], cells[k], {name: column[k] for name, column in columns.items()})
        for k in range(len(counts))
    ]


def _image(held: Held) -> bytes:
    """The bytes of a file, made in memory: HDF5 does not end well on a full disk."""
    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        _fill(file, held)
        file.flush()
        return file.id.get_file_image()


def _fill(file: h5py.File, held: Held) -> None:
    file.attrs["dbar_file"] = "entropy database"
    file.attrs["schema"] = _SCHEMA
    file.attrs["settings"] = json.dumps(held.settings)
    file["given_up"] = np.array(held.given_up, dtype=np.int64)
    for name, records in (("configurations", held.records), ("bulk", held.bulk)):
        group = file.create_group(name)
        group["atoms"] = np.array([len(one.positions) for one in records], dtype=np.int64)
        group["positions"] = np.concatenate([np.zeros((0, 3)), *(one.positions for one in records)])
        group["cell"] = np.array([one.cell for one in records]).reshape(-1, 3, 3)
        for key, kind in _NUMBERS.items():
            dtype = np.float64 if kind is float else np.int64
            group[key] = np.array([one.numbers[key] for one in records], dtype=dtype)
    file.attrs["digest"] = content_digest(file, "digest")
