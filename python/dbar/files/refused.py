"""The error of a file that is left alone; it names the file and says why."""

from __future__ import annotations

import errno
import os

__all__ = ["Refused"]


class Refused(OSError):
    """A file is not what it would have to be, and was not touched.

    Parameters
    ----------
    path : path-like
    reason : str
        What was found and what was expected.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(errno.EEXIST, reason, os.fspath(path))

    def __str__(self) -> str:
        return f"{os.fsdecode(self.filename)}: {self.strerror}"
