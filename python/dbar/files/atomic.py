"""Files that appear when they are complete, and not before; what they replace is of their kind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from dbar.files.kinds import Kind, kind_of
from dbar.files.refused import Refused

__all__ = ["check_writable", "replacing", "set_aside"]

_LONGEST = 255  # bytes of a name
_PART = re.compile(rb"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part")
_swept: set[str] = set()


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], kind: Kind | None = None) -> Iterator[Path]:
    """Name of an empty file beside `path` to write to; it takes the place of `path` at the end.

    Whatever goes wrong in between, Ctrl-C included, leaves `path` as it was and nothing beside it.
    The file is this call's own (``NAME.*.part``), so that of two writers one wins as a whole. Of a
    symbolic link the target is replaced, and the link stays. What a killed writer has left is
    removed by the next one of the same file on the same computer.

    Parameters
    ----------
    path : path-like
    kind : Kind, optional
        What is going to be written: a file of another kind is not replaced.

    Raises
    ------
    Refused
        If there is something that is not replaced: no regular file, or not of that kind.
    OSError
        If the file cannot be put in its place.
    """
    target = _target(path, kind)
    part = _new_part(target)
    try:
        yield part
        _target(path, kind)  # somebody may have put something else there meanwhile
        os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def check_writable(path: str | os.PathLike[str], kind: Kind | None = None) -> None:
    """Raise unless `replacing` could write a file: before minutes of work, not after.

    Raises
    ------
    OSError
        Naming the path and the reason.
    """
    try:
        _new_part(_target(path, kind)).unlink()
    except Refused:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(path, f"cannot be written ({reason.lower()})") from None


def set_aside(path: str | os.PathLike[str]) -> Path:
    """Rename a file to the next free of ``PATH.bck.0``, ``PATH.bck.1``, ...; the last is newest.

    Nothing that has such a name already is touched. Of a symbolic link the target is renamed.

    Returns
    -------
    Path
        Its new name.

    Raises
    ------
    OSError
    """
    target = _target(path, None)
    number = re.compile(rf"{re.escape(target.name)}\.bck\.(\d+)")
    found = (number.fullmatch(name) for name in os.listdir(target.parent))
    n = max((int(match[1]) for match in found if match), default=-1) + 1
    while True:
        backup = target.with_name(f"{target.name}.bck.{n}")
        try:  # the name is taken first: a rename would overwrite
            os.close(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        except FileExistsError:
            n += 1
            continue
        try:
            os.replace(target, backup)
        except OSError:
            backup.unlink()
            raise
        return backup


def _target(path: str | os.PathLike[str], kind: Kind | None) -> Path:
    """The file behind `path`, which need not exist; Refused if it must not be replaced."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    if stat.S_ISDIR(found.st_mode):
        raise Refused(path, "is a folder, expected the name of a file to write")
    if not stat.S_ISREG(found.st_mode):
        raise Refused(path, "is no regular file, expected the name of a file to write")
    target = Path(os.path.realpath(path))
    if not found.st_mode & stat.S_IWUSR:
        raise Refused(path, "cannot be written (the file is read-only)")
    if kind is not None:
        held = kind_of(target)
        if held != kind:
            words = held.value if held else "a file that dbar did not write"
            raise Refused(path, f"is {words}, expected a new name or {kind.value}")
    return target


def _here() -> str:
    """Where the number of a process means something: this computer, this space of numbers."""
    try:
        space = os.readlink("/proc/self/ns/pid")  # containers count processes of their own
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]


def _stem(target: Path, room: int) -> bytes:
    """Beginning of the names of files that are to replace `target`."""
    return os.fsencode(target.name)[: _LONGEST - room]


def _new_part(target: Path) -> Path:
    """An empty file beside `target` that nobody else has."""
    _sweep(target)
    while True:
        end = f".{_here()}-{os.getpid()}-{secrets.token_hex(4)}.part".encode()
        part = target.parent / os.fsdecode(_stem(target, len(end)) + end)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            fd = os.open(part, flags, 0o666)
        except FileExistsError:
            continue
        with contextlib.suppress(OSError):  # whoever may read the old one may read the new one
            os.fchmod(fd, stat.S_IMODE(target.stat().st_mode) & 0o777)
        os.close(fd)
        return part


def _sweep(target: Path) -> None:
    """Remove what killed writers of `target` have left; once for each file and process."""
    if str(target) in _swept:
        return
    _swept.add(str(target))
    here = _here().encode()
    with contextlib.suppress(OSError):
        for name in os.listdir(os.fsencode(target.parent)):
            match = _PART.search(name)
            if not match or match.end() != len(name) or match[1] != here:
                continue
            if name[: match.start()] != _stem(target, len(match[0])) or _lives(int(match[2])):
                continue
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(os.fsencode(target.parent), name))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
