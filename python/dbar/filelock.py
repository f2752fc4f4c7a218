"""One writer per file: an advisory lock that dies with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from pathlib import Path
from time import sleep

__all__ = ["FileLock", "Locked", "is_locked"]

_ATTEMPTS = 3  # somebody who asks `is_locked` holds a shared lock for microseconds


class Locked(RuntimeError):
    """Somebody else holds the lock; the message says who."""


class FileLock:
    """Lock on ``PATH.lock``, held until `release` or until the process ends.

    A lock file left behind by a killed process is harmless: the kernel has dropped the lock.

    Parameters
    ----------
    path : Path
        File to guard. It need not exist.

    Raises
    ------
    Locked
        If another open writer guards the same file.
    OSError
        If the lock file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".lock")
        self._fd: int | None = None
        while self._fd is None:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _lock(fd)
            except BlockingIOError:
                owner = os.read(fd, 200).decode(errors="replace").strip() or "another process"
                os.close(fd)
                raise Locked(owner) from None
            except OSError:  # a file system without locks: go on unguarded
                pass
            # Between open and flock the previous owner may have removed the file.
            if self.path.exists() and os.fstat(fd).st_ino == self.path.stat().st_ino:
                self._fd = fd
            else:
                os.close(fd)
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"process {os.getpid()} on {socket.gethostname()}".encode())

    def release(self) -> None:
        """Remove the lock file and drop the lock; a second call does nothing."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()
            os.close(self._fd)
            self._fd = None


def _lock(fd: int) -> None:
    """Take the lock or raise BlockingIOError."""
    for attempt in range(_ATTEMPTS):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 == _ATTEMPTS:
                raise
            sleep(0.02)
    return None


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the `FileLock` of a file, None where that cannot be known."""
    try:
        fd = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return None
    finally:
        os.close(fd)  # drops the lock
    return False
