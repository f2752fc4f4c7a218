"""Damaged HDF5 files can crash or hang the HDF5 library: a process of its own looks at them first.

It is started for the first file (a tenth of a second), answers in milliseconds from then on, and
ends when nobody asks for a while. A file is looked at again when it has changed; one that a run is
writing only once, as its writer keeps it consistent.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from dbar.files.filelock import at_work
from dbar.files.superblock import is_marked

__all__ = ["Died", "ask", "damage"]

_LEAST = 10  # seconds of processor time, a thousand times what a file takes, and ...
_PER_SECOND = 1 << 24  # ... one more for so many bytes
_MEMORY = 1 << 32  # bytes; what it takes to look at a file is a thousandth
_IDLE = 30.0  # seconds
_READY = "ready\n"
_OF_MPI = ("OMPI_", "PMIX_", "PMI_")  # this process is no rank
_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# no SIGPIPE: in LAMMPS it has its default action and would end the simulation
_SEND = getattr(socket, "MSG_NOSIGNAL", 0)
_START = """\
import sys
sys.path[:0] = sys.argv[2:]
from dbar.files.examination import main
main(float(sys.argv[1]))
"""


class Died(RuntimeError):
    """The process that looks at files did not survive one; the message says why."""


class _Examiner:
    """The process, and what it said."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._known: dict[tuple, tuple] = {}
        self._one_by_one = threading.Lock()
        os.register_at_fork(after_in_child=self._part)

    def _part(self) -> None:
        """Leave the process to that which this one was forked from."""
        self._one_by_one = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0  # it is no child of ours
            self._process = None

    def ask(self, what: str, path: Path) -> str | None:
        with self._one_by_one:
            found = os.stat(path)
            name = what, found.st_dev, found.st_ino
            live = is_marked(path) and at_work(path) is not False
            state = None if live else (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if self._known.get(name, (0,))[0] != state:
                limit = _LEAST + found.st_size // _PER_SECOND
                answer = self._answer(
                    {"what": what, "path": os.path.abspath(path), "limit": limit, "memory": _MEMORY}
                )
                if answer is None:
                    return None
                self._known[name] = state, answer
            answer = self._known[name][1]
        if isinstance(answer, Died):
            raise answer
        return answer

    def _answer(self, request: dict) -> str | Died | None:
        """What the process says, or why it died; None where none can be started."""
        for _ in range(2):
            if not self._runs() and not self._start():
                return None
            try:
                code = self._said(json.dumps(request) + "\n")
            except BaseException:  # Ctrl-C: the answer would be taken for that to the next question
                self.close()
                raise
            if isinstance(code, str):
                return code
            if code == -signal.SIGXCPU:
                return Died("HDF5 hangs on it")
            if code < 0 and -code not in _BY_OTHERS:
                return Died("HDF5 crashes on it")
        return None  # whoever ends it does not want it

    def _said(self, request: str) -> str | int:
        """Answer of the process, or its exit code."""
        try:
            self._ours.sendall(request.encode(), _SEND)
            answer = self._answers.readline()
        except ConnectionError:
            answer = ""
        if answer.endswith("\n"):
            return json.loads(answer)
        process = self._process
        code = process.wait()
        self.close()
        return code

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> bool:
        self.close()
        words = [sys.executable, "-c", _START, str(_IDLE), str(Path(__file__).parents[2])]
        env = {k: v for k, v in os.environ.items() if not k.startswith(_OF_MPI)}
        self._ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    words, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for who asks
                    env=env | {"OPENBLAS_NUM_THREADS": "1"},
                )  # fmt: skip
        except OSError:
            self._ours.close()
            return False
        self._answers = self._ours.makefile("r", encoding="ascii")
        if self._answers.readline() == _READY:
            return True
        self.close()
        return False

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            self._answers.close()
            self._ours.close()


_examiner = _Examiner()
atexit.register(_examiner.close)


def ask(what: str, path: Path) -> str | None:
    """Answer of `dbar.files.examination` about an HDF5 file; None where no process can be started.

    Parameters
    ----------
    what : {"kind", "damage"}
    path : Path

    Raises
    ------
    Died
        If HDF5 crashes or hangs.
    OSError
        If there is no such file.
    """
    return _examiner.ask(what, path)


def damage(path: Path) -> str:
    """Why HDF5 must not open a file in this process, "" if it may.

    Whether the file can be read is another question: what HDF5 itself says of damage is not said
    here.
    """
    try:
        return ask("damage", path) or ""
    except Died as error:
        return str(error)
