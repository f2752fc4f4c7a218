"""Files that appear when they are complete, and not before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["check_writable", "replacing"]


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Name of a file beside `path` to write to; it takes the place of `path` at the end.

    Whatever goes wrong in between, Ctrl-C included, leaves `path` as it was and nothing beside it.

    Raises
    ------
    OSError
        If the file cannot be put in its place.
    """
    path = Path(path)
    part = _part(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise unless a file `path` could be written: before minutes of work, not after.

    Raises
    ------
    OSError
        Naming the path and the reason.
    """
    path = Path(path)
    if path.is_dir():
        raise OSError(f"{path}: is a folder, expected the name of a file to write")
    part = _part(path)
    try:
        part.open("wb").close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"{path}: cannot be written ({reason.lower()})") from None
    with contextlib.suppress(OSError):
        part.unlink()
