"""Configurations from files, each with a name."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ase import Atoms, io

__all__ = ["read_frames"]


def read_frames(
    files: Sequence[str | os.PathLike[str]], file_format: str | None = None
) -> list[tuple[str, Atoms]]:
    """All configurations of files that ASE can read.

    Parameters
    ----------
    files : sequence of path-like
    file_format : str, optional
        ASE's name of the format, where the name of a file does not tell.

    Returns
    -------
    list of (str, ase.Atoms)
        Named FILE, or FILE#0, FILE#1, ... where a file has several.

    Raises
    ------
    ValueError
        If a file cannot be understood, is empty or is named twice.
    OSError
        If it cannot be read.
    """
    found: dict[str, Atoms] = {}
    for file in map(os.fspath, files):
        with open(file, "rb"):  # errors of the system as such
            pass
        try:
            frames = io.read(file, index=":", format=file_format)
        except Exception as error:  # of any of a hundred readers
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            raise ValueError(f"{file}: cannot be read as configurations ({said})") from None
        if not frames:
            raise ValueError(f"{file}: found no configuration, expected one or more")
        for k, atoms in enumerate(frames):
            name = file if len(frames) == 1 else f"{file}#{k}"
            if name in found:
                raise ValueError(f"{file}: found twice among the files, expected it once")
            found[name] = atoms
    return list(found.items())
