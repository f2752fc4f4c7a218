"""Open an HDF5 file whose writer was killed or is still at work, without ever waiting.

HDF5's own way, SWMR reading, repeats a failed read of metadata up to a hundred times with a pause
that doubles each time: on a truncated or damaged file that never ends. Writing in SWMR mode keeps
the file consistent on disk at every moment, so an ordinary reader can use it, once it no longer
sees the mark «being written» in the superblock. The superblock's mark, its end-of-file address
and its check sum are the only bytes that differ here from what is on disk.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import h5py

from dbar.files.superblock import LENGTH, is_marked, unmarked

__all__ = ["open_file"]


def open_file(path: Path) -> h5py.File:
    """Open a file for reading, marked as being written or not.

    Raises
    ------
    OSError
        If HDF5 cannot read it.
    """
    if not is_marked(path):
        return h5py.File(path, "r", locking="best-effort")
    return h5py.File(_Unmarked(path), "r")


class _Unmarked(io.RawIOBase):
    """The bytes of a file, with the mark in the superblock cleared."""

    def __init__(self, path: Path) -> None:
        self._raw = open(path, "rb", buffering=0)
        head = os.pread(self._raw.fileno(), LENGTH, 0)
        self._head = unmarked(head, os.fstat(self._raw.fileno()).st_size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readinto(self, buffer: memoryview) -> int:
        start = self._raw.tell()
        count = self._raw.readinto(buffer)
        if start < LENGTH:
            stop = min(LENGTH, start + count)
            memoryview(buffer).cast("B")[: stop - start] = self._head[start:stop]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
