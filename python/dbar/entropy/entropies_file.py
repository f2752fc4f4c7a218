"""Files of vibrational entropies, JSON or HDF5: complete at every moment, and continued."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import h5py
import numpy as np

from dbar.entropy.entry import Entry
from dbar.files.atomic import check_writable, replacing
from dbar.files.in_words import in_words
from dbar.files.json_file import load_schema
from dbar.files.kinds import Kind

__all__ = ["KINDS", "EntropiesFile", "read_entropies", "refuse_other_settings"]

KINDS = {".json": Kind.ENTROPIES_JSON, ".h5": Kind.ENTROPIES_H5}
_SCHEMA = "dbar-entropies/1"
_SHARE = 10.0  # a file is written anew when so many times of what that took have gone by


def read_entropies(path: str | os.PathLike[str]) -> tuple[dict, list[Entry]]:
    """Settings and entries of a file; those of a .json have no arrays.

    Raises
    ------
    ValueError
        If it is no such file; the message begins with the path.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    try:
        return _read_json(path) if _suffix(path) == ".json" else _read_h5(path)
    except (KeyError, TypeError, AttributeError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a complete file of entropies ({error})") from None


class EntropiesFile:
    """A file of entropies that grows; what it holds already is kept.

    Parameters
    ----------
    path : path-like
        Name ending in .json or .h5.
    settings : dict
        What the entropies depend on beside the configurations, in terms of JSON.

    Attributes
    ----------
    entries : dict
        Entry of each name.

    Raises
    ------
    ValueError
        If the file was made with other settings, or is damaged.
    OSError
        If it cannot be read or written, or is something else.
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict) -> None:
        self.path, self.settings = Path(path), settings
        kind = KINDS[_suffix(self.path)]
        check_writable(self.path, kind)
        self.entries: dict[str, Entry] = {}
        if self.path.exists():
            held, entries = read_entropies(self.path)
            refuse_other_settings(self.path, held, settings)
            self.entries = {one.name: one for one in entries}
        self._next = 0.0
        self._changed = not self.path.exists()

    def add(self, entry: Entry) -> None:
        """Add an entry; it is on disk at the latest after the next `flush`."""
        self.entries[entry.name] = entry
        self._changed = True
        if time.monotonic() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        if not self._changed:
            return
        start = time.monotonic()
        write = _write_json if self.path.suffix == ".json" else _write_h5
        with replacing(self.path, KINDS[self.path.suffix]) as part:
            write(part, self.settings, list(self.entries.values()))
        self._changed = False
        end = time.monotonic()
        self._next = end + _SHARE * (end - start)


def _suffix(path: Path) -> str:
    if path.suffix not in KINDS:
        raise ValueError(f"{path}: expected a name ending in .json or .h5")
    return path.suffix


def refuse_other_settings(path: Path, held: dict, settings: dict) -> None:
    """Raise ValueError where a file was made with other settings, naming the first."""
    for name in sorted(held.keys() | settings.keys()):
        if held.get(name) != settings.get(name):
            raise ValueError(
                f"{path}: {name}: found {in_words(held.get(name))} in the file, expected "
                f"{in_words(settings.get(name))} as now; give another name to begin anew"
            )


def _read_json(path: Path):
    content = load_schema(path, _SCHEMA)
    entries = [
        Entry(one.pop("name"), one.pop("key"), one, {}) for one in map(dict, content["entries"])
    ]
    return content["settings"], entries


def _write_json(part: Path, settings: dict, entries: list[Entry]) -> None:
    rows = [{"name": one.name, "key": one.key, **one.numbers} for one in entries]
    content = {"schema": _SCHEMA, "settings": settings, "entries": rows}
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _read_h5(path: Path):
    with h5py.File(path, "r") as file:
        if file.attrs.get("schema") != _SCHEMA:
            raise ValueError(
                f"{path}: schema: found {file.attrs.get('schema')!r}, expected {_SCHEMA!r}"
            )
        entries = [_read_group(file["entries"][name]) for name in sorted(file["entries"])]
        return json.loads(file.attrs["settings"]), entries


def _read_group(group: h5py.Group) -> Entry:
    numbers = json.loads(group.attrs["numbers"])
    arrays = {name: group[name][()] for name in group}
    return Entry(group.attrs["name"], group.attrs["key"], numbers, arrays)


def _write_h5(part: Path, settings: dict, entries: list[Entry]) -> None:
    with h5py.File(part, "w") as file:
        file.attrs["dbar_file"] = "entropies"
        file.attrs["schema"] = _SCHEMA
        file.attrs["settings"] = json.dumps(settings)
        root = file.create_group("entries")
        for k, one in enumerate(entries):
            group = root.create_group(f"{k:08d}")
            group.attrs["name"], group.attrs["key"] = one.name, one.key
            group.attrs["numbers"] = json.dumps(one.numbers)
            for name, value in one.arrays.items():
                group.create_dataset(name, data=np.asarray(value))
