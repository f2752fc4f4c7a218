"""Configurations of files that ASE reads, one in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

__all__ = ["read_frames"]


def read_frames(paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple]:
    """All frames of all files, in order.

    Parameters
    ----------
    paths : iterable of path-like
        Files of any format that ASE knows.

    Yields
    ------
    where : str
        ``PATH, frame K`` with K from 0.
    atoms : ase.Atoms

    Raises
    ------
    ValueError
        A file that ASE cannot read, or without a frame; the message begins with the path.
    """
    import ase.io

    for path in map(os.fspath, paths):
        frames, k = iter(ase.io.iread(path, index=":")), -1
        while True:
            try:
                atoms = next(frames, None)
            except FileNotFoundError:
                raise ValueError(f"{path}: no such file") from None
            except Exception as error:  # each format of ASE has errors of its own
                said = str(error) or type(error).__name__
                raise ValueError(f"{path}: ASE cannot read frame {k + 1}: {said}") from None
            if atoms is None:
                break
            k += 1
            yield f"{path}, frame {k}", atoms
        if k < 0:
            raise ValueError(f"{path}: found no frame, expected at least one")
