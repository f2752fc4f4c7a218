"""The lock of a file: one holder, nothing of anybody else touched, no lock taken for granted."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbar.files.filelock import FileLock, Locked, at_work, is_locked
from patience import end_of

HOLDER = """
import sys, time
from pathlib import Path
from dbar.files.filelock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_one_holder_who_says_who_it_is(tmp_path):
    path = tmp_path / "run"
    lock = FileLock(path)
    for _ in range(2):  # who asks does not rub out who holds it
        with pytest.raises(Locked, match=f"process {os.getpid()} on "):
            FileLock(path)
    assert is_locked(path) and at_work(path)
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_holder_leaves_no_lock(tmp_path):
    path = tmp_path / "run"
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Locked, match=f"process {holder.pid} on "):
            FileLock(path)
        holder.kill()
        end_of(holder, 30)
    assert is_locked(path) is False and (tmp_path / "run.lock").exists()
    FileLock(path).release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["link", "dangling link", "hard link", "text", "pipe", "folder"])
def test_what_is_no_lock_file_is_refused(tmp_path, what):
    lock, other = tmp_path / "poetry.lock", tmp_path / "precious"
    other.write_text("process of the user's own")
    {
        "link": lambda: lock.symlink_to(other),
        "dangling link": lambda: lock.symlink_to(tmp_path / "none"),
        "hard link": lambda: lock.hardlink_to(other),
        "text": lambda: lock.write_text("[[package]]\n"),
        "pipe": lambda: os.mkfifo(lock),
        "folder": lock.mkdir,
    }[what]()
    before = lock.lstat()
    with pytest.raises(OSError, match=r"poetry\.lock: (is|has|holds) ") as caught:
        FileLock(tmp_path / "poetry")
    assert "expected a lock file of dbar" in str(caught.value)
    assert other.read_text() == "process of the user's own" and not (tmp_path / "none").exists()
    after = lock.lstat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    if what != "text":
        assert is_locked(tmp_path / "poetry") is (False if what == "hard link" else None)


def failing(monkeypatch, number):
    def flock(fd, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EACCES, errno.EIO, errno.EPERM])
def test_a_lock_that_cannot_be_had_is_an_error(tmp_path, monkeypatch, number):
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        failing(patch, number)
        with pytest.raises(OSError) as caught:
            FileLock(path)
        assert str(caught.value) == f"{path}.lock: cannot be locked ({os.strerror(number).lower()})"
        assert is_locked(path) is None
    FileLock(path).release()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(tmp_path, monkeypatch, number):
    """Nothing is guarded, and nobody claims to know."""
    failing(monkeypatch, number)
    path = tmp_path / "run"
    one, two = FileLock(path), FileLock(path)
    assert is_locked(path) is None and at_work(path) is None
    assert f"process {os.getpid()} on " in (tmp_path / "run.lock").read_text()
    one.release()
    two.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["exists", "stat", "lstat"])
def test_an_owner_who_leaves_between_two_looks(tmp_path, monkeypatch, name):
    """The file may go at any moment until it is locked."""
    path, lock = tmp_path / "run", tmp_path / "run.lock"
    look = getattr(Path, name)

    def leaving(self, *args, **kwargs):
        found = look(self, *args, **kwargs)
        if self == lock:
            lock.unlink(missing_ok=True)
        return found

    lock.write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(Path, name, leaving)
        held = FileLock(path)
    held.release()


def test_two_names_of_one_file_have_one_lock(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "run")
    lock = FileLock(tmp_path / "link")
    assert is_locked(tmp_path / "run") and is_locked(tmp_path / "link")
    with pytest.raises(Locked):
        FileLock(tmp_path / "run")
    lock.release()


def test_no_folder_is_made(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        FileLock(tmp_path / "none" / "run")
    assert list(tmp_path.iterdir()) == []


COUNTER = """
import sys
from pathlib import Path
from dbar.files.filelock import FileLock, Locked
path, rounds = Path(sys.argv[1]), int(sys.argv[2])
while rounds:
    try:
        lock = FileLock(path)
    except Locked:
        continue
    path.write_text(str(int(path.read_text()) + 1))
    lock.release()
    rounds -= 1
"""


def test_two_processes_take_turns(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    words = [sys.executable, "-c", COUNTER, str(path), "30"]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [end_of(one, 60)[1] for one in both]
    assert said == ["", ""] and path.read_text() == "60"
    assert list(tmp_path.iterdir()) == [path]
