"""What of an HDF5 file from somebody else is not to be read: other files, and sizes made up.

HDF5 opens any other file that a file names for its data; a file of ours names none. It also gives
an array of any size that a file declares, whatever it holds of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import h5py

__all__ = ["outside", "refusal"]

_FREE = 64 << 20  # bytes that any file may declare
_SPARSE = 128  # rows that were never written, and clocks that many columns share
_PACKED = 1032  # the most that deflate can pack


def refusal(file: h5py.File) -> str | None:
    """Why an open file is not to be read, None if it may be.

    Nothing of it has been read before.
    """
    elsewhere = outside(file)
    if elsewhere:
        return f"{elsewhere}, expected a file that holds all of its data"
    return _oversize(file)


def outside(file: h5py.File) -> str | None:
    """What of an open file lies in another one, None if nothing does.

    Nothing is opened to find out. A file from somebody else could otherwise bring the bytes of any
    file of its reader into a report.
    """
    for place, item in _items(file):
        if isinstance(item, h5py.ExternalLink):
            return f"{place} is a link to {item.filename}"
        if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            return f"{place} has its values in other files"
    return None


def _oversize(file: h5py.File) -> str | None:
    size = file.id.get_filesize()
    total, packed = 0, False
    for place, item in _items(file):
        if not isinstance(item, h5py.Dataset):
            continue
        packed |= item.id.get_create_plist().get_nfilters() > 0
        # an object, as a text is, may be as long as the file
        total += (item.size or 0) * (size if item.dtype.hasobject else item.dtype.itemsize)
        limit = _FREE + size * (_PACKED if packed else _SPARSE)
        if total > limit:
            return (
                f"{place} makes it {total / 2**30:.4g} GiB, the file has {size} bytes; "
                f"expected at most {limit / 2**30:.4g} GiB of so many"
            )
    return None


def _items(file: h5py.File) -> Iterator[tuple[str, object]]:
    """Every name in a file once, with its group, dataset or external link."""
    seen = {file.id}
    groups = [file["/"]]
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            place = f"{group.name.rstrip('/')}/{name}"
            if isinstance(link, h5py.ExternalLink):
                yield place, link
                continue
            if isinstance(link, h5py.SoftLink):
                continue  # to a place in this file, which is looked at by itself
            item = group[name]
            yield place, item
            if isinstance(item, h5py.Group) and item.id not in seen:
                seen.add(item.id)
                groups.append(item)
