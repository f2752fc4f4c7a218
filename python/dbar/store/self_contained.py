"""HDF5 opens any other file that a file names for its data; a file of ours names none."""

from __future__ import annotations

import h5py

__all__ = ["outside"]


def outside(file: h5py.File) -> str | None:
    """What of an open file lies in another one, None if nothing does.

    Nothing is opened to find out. A file from somebody else could otherwise bring the bytes of any
    file of its reader into a report.
    """
    seen = {file.id}
    groups = [file["/"]]
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            place = f"{group.name.rstrip('/')}/{name}"
            if isinstance(link, h5py.ExternalLink):
                return f"{place} is a link to {link.filename}"
            if isinstance(link, h5py.SoftLink):
                continue  # to a place in this file, which is looked at by itself
            item = group[name]
            if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                return f"{place} has its values in other files"
            if isinstance(item, h5py.Group) and item.id not in seen:
                seen.add(item.id)
                groups.append(item)
    return None
