"""One writer per file: an advisory lock that dies with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from pathlib import Path
from time import sleep

__all__ = ["FileLock", "Locked", "at_work", "is_locked"]

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
    return _look(path)[0]


def at_work(path: Path) -> bool | None:
    """As `is_locked`, for a file that processes of other computers may write.

    Some file systems show a lock only to the computer that holds it (NFS with ``local_lock``,
    Lustre with ``localflock``). A lock that seems free is therefore taken for free only if its last
    owner was on this computer; else the answer is None.
    """
    locked, owner = _look(path)
    if locked is False and owner is not None and owner != socket.gethostname():
        return None
    return locked


def _look(path: Path) -> tuple[bool | None, str | None]:
    """Whether the lock is held, and its owner's computer; that is None if there is no lock file."""
    try:  # not waiting for anybody, should it be a pipe
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        fd = os.open(path.with_name(path.name + ".lock"), flags)
    except FileNotFoundError:
        return False, None
    except OSError:
        return None, None
    owner = ""
    try:
        owner = os.read(fd, 200).decode(errors="replace").rpartition(" on ")[2].strip()
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True, owner
    except OSError:  # a file system without locks
        return None, None
    finally:
        os.close(fd)  # drops the lock
    return False, owner
