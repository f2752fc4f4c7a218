"""Damage to HDF5 files that the HDF5 library does not survive."""

import struct


def hanging(raw):
    """A file whose texts are never found: the free rest of a heap of texts has no size."""
    raw = bytearray(raw)
    at = raw.index(b"GCOL") + 16
    while True:
        index, _, _, size = struct.unpack_from("<HHIQ", raw, at)
        if not index:
            raw[at + 8 : at + 16] = bytes(8)
            return bytes(raw)
        at += 16 + -(-size // 8) * 8


def crashing(raw, name=b"kind"):
    """A model file with a text, an attribute of that name, of a type that does not exist."""
    before = name.ljust(-(-(len(name) + 1) // 8) * 8, b"\0") + b"\x19"
    at = raw.index(before) + len(before)
    return raw[:at] + b"\x26" + raw[at + 1 :]
