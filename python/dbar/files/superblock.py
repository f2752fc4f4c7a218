"""The superblock of an HDF5 file, where it says that it is being written; without HDF5."""

from __future__ import annotations

import os
import struct
from pathlib import Path

__all__ = ["LENGTH", "SIGNATURE", "is_marked", "lookup3", "missing_bytes", "unmarked"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LENGTH = 48  # superblock version 3 with 8-byte addresses: 44 bytes and their check sum
_MARK = 11  # offset of the consistency flags
_END = 28  # offset of the end-of-file address


def is_marked(path: Path) -> bool:
    """Whether the superblock says that the file is being written, or was when its writer died."""
    with open(path, "rb", buffering=0) as raw:
        head = raw.read(LENGTH)
    return len(head) == LENGTH and head[8] == 3 and head[9] == 8 and bool(head[_MARK] & 5)


def _stored_end(head: bytes) -> int:
    return struct.unpack_from("<Q", head, _END)[0]


def missing_bytes(path: Path) -> tuple[int, int] | None:
    """Size of a marked file and the size its superblock tells, if it is shorter than that."""
    if not is_marked(path):
        return None
    with open(path, "rb") as raw:
        end = _stored_end(raw.read(LENGTH))
    size = os.path.getsize(path)
    return (size, end) if size < end else None


def unmarked(head: bytes, end: int) -> bytes:
    """The first `LENGTH` bytes of a marked file as they would be without the mark.

    Parameters
    ----------
    head : bytes
    end : int
        Size of the file.
    """
    # The superblock may count bytes that the killed writer never came to write; or, as it is
    # written after the metadata, not yet count those that metadata already points to.
    body = head[:_MARK] + bytes([head[_MARK] & ~5]) + head[_MARK + 1 : _END]
    body += struct.pack("<Q", end) + head[_END + 8 : LENGTH - 4]
    if lookup3(head[: LENGTH - 4]) != struct.unpack("<I", head[-4:])[0]:
        return head
    return body + struct.pack("<I", lookup3(body))


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
