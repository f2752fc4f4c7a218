"""A digest of what an HDF5 file holds: HDF5 itself notices no flipped bit."""

from __future__ import annotations

import hashlib

import h5py
import numpy as np

__all__ = ["content_digest"]


def content_digest(file: h5py.File, leave_out: str) -> str:
    """SHA-256 over names, types, shapes and values of all datasets and attributes.

    Parameters
    ----------
    file : h5py.File
    leave_out : str
        Attribute of the root that holds the digest.
    """
    total = hashlib.sha256()

    def take(name: str, value: object) -> None:
        if isinstance(value, h5py.Empty):
            words, data = "empty", b""
        else:
            array = np.asarray(value)
            if array.dtype.kind in "OUS":  # text
                words = f"text {array.shape}"
                data = "\0".join(_text(each) for each in array.ravel()).encode()
            else:
                words = f"{array.dtype.str} {array.shape}"
                data = np.ascontiguousarray(array).tobytes()
        total.update(f"{name}\0{words}\0{len(data)}\0".encode())
        total.update(data)

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        for key in sorted(item.attrs):
            if name or key != leave_out:
                take(f"{name}@{key}", item.attrs[key])
        if isinstance(item, h5py.Dataset):
            take(name, item[()])
            return
        for key in sorted(item):
            visit(f"{name}/{key}", item[key])

    visit("", file)
    return total.hexdigest()


def _text(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
