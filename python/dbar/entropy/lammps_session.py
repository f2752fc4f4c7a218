"""A LAMMPS that is started once and asked many times for forces and force constants."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dbar.console import signals
from dbar.lammps import lmp, processes

__all__ = ["LammpsError", "LammpsSession"]

_FIRST, _LONGEST = 0.0005, 0.01  # seconds between two looks for a reply
# Python looks for modules in the present folder first, where there may be one called lammps
_WORKER = """import sys
sys.path.sort(key=lambda place: place == "")
from dbar.lammps.worker import main
main()"""


class LammpsError(RuntimeError):
    """LAMMPS refused something or ended; the message has its own words."""


class LammpsSession:
    """Worker processes and a folder in which they get jobs and leave replies.

    Use it in a ``with`` block, at whose end nothing is left behind. Nothing starts before the
    first job. Files of potentials are found from the present folder or ``LAMMPS_POTENTIALS``.

    Parameters
    ----------
    ranks : int
        MPI ranks; with one LAMMPS is started without mpirun.
    folder : path-like, optional
        Where the folder is made (default: that of temporary files). It has to hold twice the
        matrix of the largest configuration, 144 n^2 bytes.
    """

    def __init__(self, ranks: int = 1, folder: str | os.PathLike[str] | None = None) -> None:
        if isinstance(ranks, bool) or ranks != int(ranks) or ranks < 1:
            raise ValueError(f"ranks: found {ranks!r}, expected an integer above 0")
        self.ranks = int(ranks)
        self.base = folder
        self.folder: Path | None = None
        self._process = None
        self._jobs = 0

    def __enter__(self) -> LammpsSession:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End LAMMPS and remove the folder."""
        process, self._process = self._process, None
        folder, self.folder = self.folder, None
        if process is not None:
            with contextlib.suppress(OSError):
                (folder / "end").touch()
            end = time.monotonic() + 2.0
            while process.poll() is None and time.monotonic() < end:
                time.sleep(_LONGEST)
            processes.terminate(process)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def ask(self, about: dict, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Do a job of `dbar.lammps.worker` and return the arrays of its reply.

        Raises
        ------
        LammpsError
            With what LAMMPS says, or with the last line that it printed where it died.
        OSError
            If the folder cannot be written.
        dbar.console.signals.Interrupted
            Where signals are listened to and one has come.
        """
        if self._process is None:
            self._start()
        number, self._jobs = self._jobs, self._jobs + 1
        part = self.folder / "job.part"
        with part.open("wb") as file:
            np.savez(file, about=json.dumps({**about, "ranks": self.ranks}), **arrays)
        os.replace(part, self.folder / f"job.{number}.npz")
        reply = self._wait(number)
        (self.folder / f"job.{number}.npz").unlink()
        return reply

    def _start(self) -> None:
        words = [sys.executable, "-c", _WORKER]
        if self.ranks > 1:
            launcher = lmp.mpirun_path()
            if launcher is None:
                raise LammpsError("no program mpirun; `dbar doctor` says what to install")
            words = [str(launcher), "-np", str(self.ranks), *words]
        self.folder = Path(tempfile.mkdtemp(prefix="dbar-entropy-", dir=self.base))
        self._jobs = 0
        self._process = processes.start(
            [*words, str(self.folder)], os.getcwd(), self.folder / "output.txt"
        )

    def _wait(self, number: int) -> dict[str, np.ndarray]:
        reply, error = self.folder / f"reply.{number}.npz", self.folder / f"error.{number}.txt"
        pause = _FIRST
        while True:
            ended = self._process.poll() is not None  # asked first: then its files are there
            if error.exists():
                text = error.read_text(errors="replace")
                self.close()
                raise LammpsError(_first_line(text))
            if reply.exists():
                with np.load(reply) as arrays:
                    found = {name: arrays[name] for name in arrays.files}
                reply.unlink()
                return found
            if ended:
                text, full = self._last_words(), self._is_full()
                place = str(self.folder)
                self.close()
                if full:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)
                raise LammpsError(f"LAMMPS ended: {text}")
            signals.wait(pause)
            signals.check()
            pause = min(2 * pause, _LONGEST)

    def _is_full(self) -> bool:
        """Whether there is no room even for a few pages: then LAMMPS could not say so."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize < 2**14

    def _last_words(self) -> str:
        path = self.folder / "output.txt"
        text = path.read_text(errors="replace") if path.exists() else ""
        lines = [line for line in text.splitlines() if line.strip()]
        said = [line for line in lines if "ERROR" in line or "Error" in line]
        return (said or lines or [f"exit code {self._process.returncode}"])[-1]


def _first_line(text: str) -> str:
    """LAMMPS's message without the place in its source, and the line that led to it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    main = lines[0].partition(" (src/")[0].partition(" (/")[0] if lines else "no message"
    last = [line for line in lines[1:] if line.startswith("Last input line")]
    return main + (f" ({last[0]})" if last else "")
