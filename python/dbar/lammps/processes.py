"""Programs started in the background, and ended with all that they have started.

Whoever mpirun starts may be in another process group or session and outlives an mpirun that was
killed. So what is started here carries a mark in its environment, which its children inherit.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from dbar.lammps.lmp import environment

__all__ = ["marked", "start", "terminate"]

_MARK = "DBAR_STARTED"
_PATIENCE = 10.0  # seconds that a program has to end when it is asked to
_POLL = 0.02
_LAUNCHER = Path(__file__).with_name("launcher.py")


def marked() -> dict[str, str]:
    """`environment` with a mark by which `terminate` knows what was started in it."""
    return environment() | {_MARK: uuid.uuid4().hex}


def start(
    command: list[str], folder: str | os.PathLike[str], output: str | os.PathLike[str]
) -> subprocess.Popen:
    """Start a program in the background, in a session of its own; `terminate` ends it.

    On Linux it is also ended when this process is killed in a way that it cannot catch.

    Parameters
    ----------
    command : list of str
        The program and its words. Its environment is that of `marked`.
    folder : path-like
        Where it runs.
    output : path-like
        File for what it prints, errors included; replaced. Relative to `folder`.

    Returns
    -------
    subprocess.Popen

    Raises
    ------
    OSError
        If there is no such program or folder, or the file cannot be written.
    """
    env, words, program = marked(), list(command), os.fspath(command[0])
    if sys.platform == "linux":
        place = Path(folder, program) if os.sep in program else program
        if shutil.which(place, path=env["PATH"]) is None:  # which the launcher could not raise
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)
        words = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *words]
    with Path(folder, output).open("w") as file:
        process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    process.mark = env[_MARK]
    return process


def terminate(process: subprocess.Popen, env: dict[str, str] | None = None) -> None:
    """End a program and leave no rank behind, also where it has ended itself before its ranks.

    Parameters
    ----------
    process : subprocess.Popen
        From `start`, or any other. It and what it has started are asked to end (SIGTERM) and after
        ten seconds made to; nothing happens where all have ended already.
    env : dict, optional
        From `marked`, of a program that was started otherwise.
    """
    import psutil  # LAMMPS imports this room when it starts, and needs none of this

    mark = env[_MARK] if env else getattr(process, "mark", None)
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + _PATIENCE
        asked: set = set()
        # again and again: what is told to end may start something meanwhile
        while left := _family(process, mark):
            for one in left - asked:
                with contextlib.suppress(psutil.Error):
                    one.send_signal(number)
            asked |= left
            while any(map(_runs, left)) and time.monotonic() < end:
                process.poll()  # its own end has to be asked for
                time.sleep(_POLL)
            if time.monotonic() >= end:
                break
        else:
            return


def _family(process: subprocess.Popen, mark: str | None) -> set:
    """What runs of a program: it, its children, and whatever carries its mark."""
    import psutil

    found = set()
    if process.poll() is None:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(process.pid)
            found |= {root, *root.children(recursive=True)}
    for one in psutil.process_iter() if mark else ():
        with contextlib.suppress(psutil.Error, OSError):  # of others, or gone
            if one.environ().get(_MARK) == mark:
                found.add(one)
    return {one for one in found if _runs(one)}


def _runs(one) -> bool:
    """Whether a process is there and no zombie, which only its parent can take away."""
    import psutil

    try:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
