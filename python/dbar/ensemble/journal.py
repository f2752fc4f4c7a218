"""What has been decided: a file to which whole lines are added, and nothing is ever changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["Journal", "JournalError"]


class JournalError(ValueError):
    """The journal cannot be used; the message names file, line and reason."""


class Journal:
    """Lines of JSON, each on disk before the next step is taken.

    A line that was being written when the program was killed has no end and is dropped: what it
    said has not been acted on.

    Parameters
    ----------
    path : Path
        Created if it does not exist.

    Attributes
    ----------
    entries : list of dict
        What the file held when it was opened.

    Raises
    ------
    JournalError
        If a line other than a torn last one is not a JSON object.
    OSError
        If the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries, keep = self.read(path)
        self._file = path.open("ab")
        self._file.truncate(keep)

    @staticmethod
    def read(path: Path) -> tuple[list[dict], int]:
        """Entries of a journal, and the bytes that hold them."""
        data = path.read_bytes() if path.exists() else b""
        keep = data.rfind(b"\n") + 1
        if not data[keep:].startswith(
            b"{"[: len(data) - keep]
        ):  # no line of a journal, torn or not
            number = data.count(b"\n") + 1
            raise JournalError(f"{path}: line {number} is not the beginning of a JSON object")
        entries = []
        for number, line in enumerate(data[:keep].splitlines(), 1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):  # the latter of [[[[...
                entry = None
            if not isinstance(entry, dict):
                raise JournalError(f"{path}: line {number} is not a JSON object")
            entries.append(entry)
        return entries, keep

    def add(self, **entry) -> None:
        """Write one entry; it is on disk when this returns."""
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Memory(Journal):
    """The same without a file, for replays."""

    def __init__(self) -> None:
        self.entries: list[dict] = []

    def add(self, **entry) -> None:
        """Forget the entry."""

    def close(self) -> None:
        """Nothing to close."""
