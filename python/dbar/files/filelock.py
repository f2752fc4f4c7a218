"""One writer per file: an advisory lock that dies with its process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from pathlib import Path

import filelock

from dbar.files.refused import Refused

__all__ = ["FileLock", "Locked", "at_work", "is_locked"]

_PATIENCE = 0.05  # seconds: somebody who asks `is_locked` holds a shared lock for microseconds
_POLL = 0.02
_LONGEST = 200  # bytes of an owner's text that are read
_BEGIN = b"process "
_NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # not waiting, if it is a pipe


class Locked(RuntimeError):
    """Somebody else holds the lock; the message says who."""


class FileLock:
    """Lock on ``PATH.lock``, held until `release` or until the process ends.

    A lock file left behind by a killed process is harmless: the kernel has dropped the lock. Of a
    symbolic link it is the target that is locked, under whatever name it is known. Where the file
    system has no locks at all, nothing is guarded: the file only says who is at work.

    Parameters
    ----------
    path : Path
        File to guard. It need not exist.

    Raises
    ------
    Locked
        If another open writer guards the same file.
    Refused
        If ``PATH.lock`` is not the lock file of a dbar (a symbolic link, a pipe, a text of
        somebody else), or cannot be locked. It is not touched.
    OSError
        If the lock file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = _lock_of(path)
        self._file: tuple[int, int] | None = None
        self._guard = filelock.FileLock(
            self.path, thread_local=False, timeout=_PATIENCE, poll_interval=_POLL,
            fallback_to_soft=False,  # a mark that outlives its process would block the next run
        )  # fmt: skip
        _refuse_foreign(self.path)
        try:
            self._guard.acquire()
        except filelock.Timeout:
            raise self._contention() from None
        except (OSError, NotImplementedError) as error:
            number = getattr(error, "errno", None) or errno.ENOSYS
            if number not in _NO_LOCKS:
                raise self._failure(error) from None
        try:
            self._write_owner()
        except BaseException:
            self._guard.release()
            raise

    def _contention(self) -> Exception:
        """Why the lock is not ours."""
        held, owner = _read(self.path)
        if isinstance(held, OSError):  # EACCES is contention to some file systems, but not here
            return self._failure(held)
        return Locked(owner.strip() or "another process")

    def _failure(self, error: OSError) -> OSError:
        if not os.path.lexists(self.path):
            return error  # the folder takes no file
        reason = error.strerror or str(error)
        return Refused(self.path, f"cannot be locked ({reason.lower()})")

    def _write_owner(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(self.path, flags, 0o644)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise Refused(self.path, "is not the lock file it was")
            os.ftruncate(fd, 0)
            os.write(fd, _BEGIN + f"{os.getpid()} on {socket.gethostname()}".encode())
            self._file = found.st_dev, found.st_ino
        finally:
            os.close(fd)

    def release(self) -> None:
        """Remove the lock file and drop the lock; a second call does nothing."""
        if self._file is None:
            return
        mine, self._file = self._file, None
        with contextlib.suppress(OSError):
            found = os.lstat(self.path)
            if (found.st_dev, found.st_ino) == mine:
                self.path.unlink()
        self._guard.release()


def _lock_of(path: Path) -> Path:
    """The lock file that guards a file, whatever name it is called by."""
    return Path(f"{os.path.realpath(path)}.lock")


def _refuse_foreign(path: Path) -> None:
    """Raise Refused unless a lock file may be made, or is one that was left behind."""
    os.stat(path.parent)  # filelock would make a folder that is not there
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    expected = "expected a lock file of dbar: move it away"
    if not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no regular file"
        raise Refused(path, f"is {what}, {expected}")
    if found.st_nlink > 1:
        raise Refused(path, f"has another name (a hard link), {expected}")
    try:
        with open(os.open(path, _LOOK), "rb") as file:
            text = file.read(_LONGEST)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refused(path, f"cannot be locked ({(error.strerror or '').lower()})") from None
    if text.strip(b"\0") and not text.startswith(_BEGIN):
        raise Refused(path, f"holds what dbar did not write, {expected}")


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
    locked, owner = _read(_lock_of(path))
    if isinstance(locked, FileNotFoundError):
        return False, None
    if isinstance(locked, OSError):
        return None, None
    return locked, owner.rpartition(" on ")[2].strip()


def _read(path: Path) -> tuple[bool | OSError, str]:
    """Whether a lock file is locked, or what keeps that from being known; and what it says."""
    owner = ""
    try:
        fd = os.open(path, _LOOK)
    except OSError as error:  # also: a symbolic link
        return error, owner
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return Refused(path, "is no regular file"), owner
        owner = os.read(fd, _LONGEST).decode(errors="replace")
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True, owner
    except OSError as error:
        return error, owner
    finally:
        os.close(fd)  # drops the lock
    return False, owner
