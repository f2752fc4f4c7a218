"""Which statistics in a folder are of one launch, without comparing clocks of two computers."""

from __future__ import annotations

import functools
import socket
from pathlib import Path

from dbar.files.filelock import is_locked
from dbar.online.replica_file import Note

__all__ = ["Launch", "clock"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@functools.cache
def clock() -> str:
    """Name of the clock that this process reads: equal on one computer since its last start."""
    try:
        return _BOOT.read_text().strip()
    except OSError:  # not Linux
        return socket.gethostname()


class Launch:
    """The replicas started together, first ... first + replicas - 1.

    What one of them published is of this launch if it was written since `began` by the same clock.
    By another clock that cannot be said, and it counts if it is written while this replica is there
    to see it: it is not what lay in the folder at first, or its writer was at work even then.

    Parameters
    ----------
    first, replicas : int
    began : float
        When they were launched, seconds since 1970.
    """

    def __init__(self, first: int, replicas: int, began: float) -> None:
        self.first, self.replicas, self.began = first, replicas, began
        self._found: dict[Path, tuple[Note, bool]] = {}

    def found(self, path: Path, note: Note) -> None:
        """What lies in the folder when this replica comes."""
        # a writer of this launch has set aside what there was before it; locks that are not shown
        # to other computers seem free
        writer = path.with_name(f"replica-{note.replica}")
        self._found[path] = note, bool(is_locked(writer))

    def made(self, path: Path, note: Note) -> bool:
        """Whether a file was written in this launch."""
        if note.clock == clock():
            return note.published >= self.began
        before = self._found.get(path)
        return before is None or before[0] != note

    def counts(self, path: Path, note: Note) -> bool:
        """Whether a file may be learnt from: of this launch, or of other replicas."""
        if not note.overlaps(self.first, self.replicas) or self.made(path, note):
            return True
        return note.clock != clock() and self._found[path][1]
