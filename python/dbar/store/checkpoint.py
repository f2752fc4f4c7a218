"""Checkpoints of a monitor as bytes: arrays only, with a check sum, never a pickle.

A checkpoint is a header and an npz archive. The header holds a sequence number (the newer of two
slots wins), the number of snapshots the monitor had seen, the length, and a CRC over all of it, so
a write that was cut short is recognised and the other slot is used.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np

__all__ = ["Checkpoint", "pack", "unpack"]

_MAGIC = b"DBARCKP1"
_HEAD = struct.Struct("<8sQQQ")  # magic, sequence, snapshots, payload bytes
_CRC = struct.Struct("<I")


@dataclass(frozen=True)
class Checkpoint:
    """One valid checkpoint: ``sequence`` and ``snapshots`` counts and the monitor's arrays."""

    sequence: int
    snapshots: int
    arrays: dict[str, np.ndarray]


def pack(sequence: int, snapshots: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Serialise a monitor's state.

    Parameters
    ----------
    sequence, snapshots : int
        Number of this checkpoint, and of snapshots the monitor has seen.
    arrays : dict of str to array
        Numeric, boolean or string arrays and scalars.

    Returns
    -------
    (n,) uint8 array

    Raises
    ------
    TypeError
        If an entry is an object array, which could only be pickled.
    """
    clean = {name: np.asarray(value) for name, value in arrays.items()}
    for name, value in clean.items():
        if value.dtype.hasobject:
            raise TypeError(f"monitor state {name!r} has dtype {value.dtype}, expected plain data")
    buffer = io.BytesIO()
    np.savez(buffer, **{f"a:{name}": value for name, value in clean.items()})
    payload = buffer.getvalue()
    head = _HEAD.pack(_MAGIC, sequence, snapshots, len(payload))
    crc = _CRC.pack(zlib.crc32(payload, zlib.crc32(head)))
    return np.frombuffer(head + crc + payload, dtype=np.uint8)


def unpack(blob: np.ndarray) -> Checkpoint | None:
    """Read a checkpoint back, None when it is empty, torn or damaged.

    Parameters
    ----------
    blob : (n,) uint8 array
        May be longer than the checkpoint: a slot never shrinks.
    """
    raw = np.asarray(blob, dtype=np.uint8).tobytes()
    start = _HEAD.size + _CRC.size
    if len(raw) < start:
        return None
    magic, sequence, snapshots, length = _HEAD.unpack_from(raw)
    payload = raw[start : start + length]
    if magic != _MAGIC or len(payload) != length:
        return None
    (crc,) = _CRC.unpack_from(raw, _HEAD.size)
    if crc != zlib.crc32(payload, zlib.crc32(raw[: _HEAD.size])):
        return None
    try:
        arrays = _arrays(payload)
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError):
        return None
    return Checkpoint(sequence, snapshots, arrays)


def _arrays(payload: bytes) -> dict[str, np.ndarray]:
    """What `np.savez` wrote. `np.load` would take whatever size the archive or a head declares."""
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        members = archive.infolist()
        plain = all(member.compress_type == zipfile.ZIP_STORED for member in members)
        if not plain or sum(member.file_size for member in members) > len(payload):
            raise ValueError("not as np.savez writes it")
        for member in members:
            content = archive.read(member)
            file = io.BytesIO(content)
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            read = read if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
            declared = math.prod(shape) * dtype.itemsize
            if not dtype.itemsize or min(shape, default=0) < 0:
                raise ValueError(f"an array of {shape} and {dtype}")
            if declared != len(content) - file.tell():
                raise ValueError(f"{declared} bytes declared")
            file.seek(0)
            name = member.filename.removesuffix(".npy").removeprefix("a:")
            arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays
