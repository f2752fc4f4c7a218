"""One chunk of one replica: LAMMPS from a restart file to the next, or nothing at all.

Runs in the executor's worker process. What is on disk says how far a replica is: ``restart.K`` is
the state after K chunks, ``chunk.K.json`` the proof that chunk K is complete. A chunk that was
interrupted is begun again from its restart file, and ``fix dbar/stream`` drops the snapshots that
lie behind it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

from dbar.console import signals
from dbar.files.atomic import replacing
from dbar.files.filelock import FileLock, Locked
from dbar.lammps import lmp, processes

__all__ = ["ChunkError", "end_with_parent", "run_chunk"]

_POLL = 0.02  # seconds
_STOP = 0.2  # seconds between two looks at the file that says stop


class ChunkError(RuntimeError):
    """LAMMPS did not complete a chunk; the message has the last lines it printed."""


def end_with_parent() -> dict:
    """Make this worker process end when the one that started it has ended, however it did.

    Called once in each worker by the executors made here.
    """
    parent, given = os.getppid(), multiprocessing.parent_process()

    def alive():
        # a parent that had ended before this was called is no longer the parent that is seen here
        return os.getppid() == parent and (given is None or given.is_alive())

    def watch():
        while alive():
            time.sleep(0.2)
        time.sleep(2.0)  # for `run_chunk` to end its LAMMPS
        os._exit(1)

    # Ctrl-C reaches all processes of a terminal: the controller decides what ends
    signals.leave_to_parent(signal.SIGINT)
    threading.Thread(target=watch, daemon=True).start()
    return {}


def run_chunk(spec: dict) -> dict:
    """Advance a replica by one chunk.

    Parameters
    ----------
    spec : dict
        ``folder`` of the replica, ``script``, ``chunk`` (0, 1, ...), ``steps`` of a chunk,
        ``every``, ``seed``, ``np``, ``launcher`` ("mpirun", "srun", or "none"), ``variables``,
        ``stop``: LAMMPS is ended when this file appears, ``silence``: or when it has neither
        printed nor stored anything for so many seconds (0: never).

    Returns
    -------
    dict
        ``cost``: wall seconds times ranks.

    Raises
    ------
    ChunkError
        If LAMMPS ends with an error, without what it should leave, or before its time, or if a
        file cannot be read or written.
    """
    try:
        return _run_chunk(spec)
    except (OSError, ValueError) as error:
        raise ChunkError(f"{spec['folder']}: {error}") from error


def _run_chunk(spec):
    folder, chunk = Path(spec["folder"]), int(spec["chunk"])
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder, Path(spec["stop"]))
    try:
        marker = folder / f"chunk.{chunk}.json"
        if marker.exists():
            return json.loads(marker.read_text())
        if chunk == 0:
            # of attempts that never got anywhere
            for left in (folder / "run.h5md", *folder.glob("run.h5md.bck.*")):
                left.unlink(missing_ok=True)
        elif not (folder / f"restart.{chunk}").exists():
            raise ChunkError(f"{folder}: no restart.{chunk}, expected it from the chunk before")
        start = time.perf_counter()
        _lammps(folder, spec, chunk)
        done = {"chunk": chunk, "cost": (time.perf_counter() - start) * int(spec["np"])}
        if not (folder / "restart.part").exists():
            raise ChunkError(f"{folder}: LAMMPS ended without `write_restart ${{next}}`")
        if not (folder / "run.h5md").exists():
            raise ChunkError(f"{folder}: LAMMPS ended without a store ${{store}}")
        for name in ("restart.part", "run.h5md"):  # on disk before the file that vouches for them
            _to_disk(folder / name)
        os.replace(folder / "restart.part", folder / f"restart.{chunk + 1}")
        with replacing(marker) as part:
            part.write_text(json.dumps(done) + "\n")
            _to_disk(part)
        # one step back is kept; what lies before it is never needed again
        with contextlib.suppress(FileNotFoundError):
            (folder / f"restart.{chunk - 1}").unlink()
        return done
    finally:
        lock.release()


def _check(stop):
    if stop.exists():
        raise ChunkError("the ensemble was stopped")


def _to_disk(path):
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _lock(folder, stop):
    """Lock of the replica; who holds it runs this chunk for a controller that was killed."""
    parent = os.getppid()
    while True:
        _check(stop)
        try:
            return FileLock(folder / "replica")
        except Locked:
            if os.getppid() != parent:
                raise ChunkError("the program that started this worker has ended") from None
            time.sleep(0.1)


def _command(spec, chunk):
    program = lmp.lmp_path()
    if program is None:
        raise ChunkError("no program lmp; `dbar doctor` says what to install")
    launcher = spec["launcher"]
    if launcher == "none":
        words = []
    elif launcher == "srun":
        words = ["srun", "-n", str(spec["np"])]
    else:
        path = lmp.mpirun_path() if launcher == "mpirun" else launcher
        if path is None:
            raise ChunkError("no program mpirun; `dbar doctor` says what to install")
        words = [str(path), "-np", str(spec["np"])]
    words += [str(program), "-in", spec["script"], "-nonbuf", "-log", "log.lammps"]
    variables = {
        **spec["variables"], "seed": spec["seed"], "steps": spec["steps"], "every": spec["every"],
        "chunk": chunk, "next": "restart.part",
        "restart": f"restart.{chunk}" if chunk else "none", "store": "run.h5md",
    }  # fmt: skip
    for name, value in variables.items():
        words += ["-var", name, str(value)]
    return words


def _signs_of_life(*paths):
    """What changes when one of the files is written; clocks of file servers are not compared."""
    found = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            info = path.stat()
            found.append((path, info.st_size, info.st_mtime_ns))
    return found


def _lammps(folder, spec, chunk):
    words = _command(spec, chunk)
    with contextlib.suppress(FileNotFoundError):
        (folder / "restart.part").unlink()
    log, parent = folder / f"output.{chunk}.txt", os.getppid()
    process = processes.start(words, folder, log.name)
    stop, due = Path(spec["stop"]), 0.0
    signs, heard, silence = None, 0.0, float(spec["silence"])
    try:
        while process.poll() is None:
            now = time.monotonic()
            if now >= due:
                _check(stop)
                due = now + _STOP
                found = _signs_of_life(log, folder / "run.h5md") if silence else None
                if found != signs:
                    signs, heard = found, now
                elif silence and now - heard > silence:
                    raise ChunkError(
                        f"{folder}: LAMMPS has printed and stored nothing for {silence:g} s "
                        "(setting `silence`)"
                    )
            if os.getppid() != parent:  # the controller was killed: so is what it started
                raise ChunkError("the program that started this worker has ended")
            time.sleep(_POLL)
    finally:
        processes.terminate(process)
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
        # the launcher may have ended because it could not write what LAMMPS printed
        why = f": {os.strerror(errno.ENOSPC)}" if _is_full(folder) else ""
        raise ChunkError(f"{folder}: LAMMPS ended with {process.returncode}{why}\n{tail}".rstrip())


def _is_full(folder):
    """Whether the file system has no room for even a small restart file."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize < 2**16
