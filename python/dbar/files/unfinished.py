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
import struct
from pathlib import Path

import h5py

__all__ = ["SIGNATURE", "is_marked", "lookup3", "missing_bytes", "open_file"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LENGTH = 48  # superblock version 3 with 8-byte addresses: 44 bytes and their check sum
_MARK = 11  # offset of the consistency flags
_END = 28  # offset of the end-of-file address


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


def is_marked(path: Path) -> bool:
    """Whether the superblock says that the file is being written, or was when its writer died."""
    with open(path, "rb", buffering=0) as raw:
        head = raw.read(_LENGTH)
    return len(head) == _LENGTH and head[8] == 3 and head[9] == 8 and bool(head[_MARK] & 5)


def _stored_end(head: bytes) -> int:
    return struct.unpack_from("<Q", head, _END)[0]


def missing_bytes(path: Path) -> tuple[int, int] | None:
    """Size of a marked file and the size its superblock tells, if it is shorter than that."""
    if not is_marked(path):
        return None
    with open(path, "rb") as raw:
        end = _stored_end(raw.read(_LENGTH))
    size = os.path.getsize(path)
    return (size, end) if size < end else None


class _Unmarked(io.RawIOBase):
    """The bytes of a file, with the mark in the superblock cleared."""

    def __init__(self, path: Path) -> None:
        self._raw = open(path, "rb", buffering=0)
        head = os.pread(self._raw.fileno(), _LENGTH, 0)
        # The superblock may count bytes that the killed writer never came to write; or, as it is
        # written after the metadata, not yet count those that metadata already points to.
        end = os.fstat(self._raw.fileno()).st_size
        body = head[:_MARK] + bytes([head[_MARK] & ~5]) + head[_MARK + 1 : _END]
        body += struct.pack("<Q", end) + head[_END + 8 : _LENGTH - 4]
        if lookup3(head[: _LENGTH - 4]) == struct.unpack("<I", head[-4:])[0]:
            head = body + struct.pack("<I", lookup3(body))
        self._head = head

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
        if start < _LENGTH:
            stop = min(_LENGTH, start + count)
            memoryview(buffer).cast("B")[: stop - start] = self._head[start:stop]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def lookup3(data: bytes) -> int:
    """Bob Jenkins's lookup3 hash (hashlittle, start value 0), HDF5's check sum of metadata."""
    full = 0xFFFFFFFF

    def rotate(x: int, k: int) -> int:
        return ((x << k) | (x >> (32 - k))) & full

    a = b = c = (0xDEADBEEF + len(data)) & full
    at = 0
    while len(data) - at > 12:
        x, y, z = struct.unpack_from("<III", data, at)
        a, b, c = (a + x) & full, (b + y) & full, (c + z) & full
        for k1, k2, k3 in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & full) ^ rotate(c, k1)
            c = (c + b) & full
            b = ((b - a) & full) ^ rotate(a, k2)
            a = (a + c) & full
            c = ((c - b) & full) ^ rotate(b, k3)
            b = (b + a) & full
        at += 12
    if at == len(data):
        return c
    x, y, z = struct.unpack("<III", data[at:].ljust(12, b"\0"))
    a, b, c = (a + x) & full, (b + y) & full, (c + z) & full
    c = ((c ^ b) - rotate(b, 14)) & full
    a = ((a ^ c) - rotate(c, 11)) & full
    b = ((b ^ a) - rotate(a, 25)) & full
    c = ((c ^ b) - rotate(b, 16)) & full
    a = ((a ^ c) - rotate(c, 4)) & full
    b = ((b ^ a) - rotate(a, 14)) & full
    return ((c ^ b) - rotate(b, 24)) & full
