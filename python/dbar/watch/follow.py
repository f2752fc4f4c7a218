"""Follow a run whose file is still being written, reading what is new and nothing twice."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from time import time as now

import h5py
import numpy as np

from dbar.files.filelock import is_locked
from dbar.files.unfinished import is_marked
from dbar.store import h5md
from dbar.store.columns import ESTIMATES
from dbar.store.h5md import MONITOR_FIELDS, StoreError
from dbar.store.units import unit_style
from dbar.trajectory.trajectory import Trajectory
from dbar.watch.follow_forecast import Outlook, Prophet

__all__ = ["STATUSES", "Follower"]

STATUSES = ("waiting", "running", "ended", "killed", "unreadable")
_SETTLED = 2.0  # seconds after which a time of change is older than the clock of the file system


class Follower:
    """One file of ``fix dbar/stream ... store``, looked at again and again.

    Parameters
    ----------
    path : path-like
        File to follow. It need not exist yet.
    forecast : bool
        Also continue the run's own monitor and forecast from the newest snapshot.

    Attributes
    ----------
    status : str
        "waiting" (there is no file yet), "running", "ended" (its writer closed it), "killed" (its
        writer is gone without closing it), "unreadable".
    message : str
        Why, when the file is unreadable.
    run : Trajectory
        What the file holds, without D and V (``run.D`` has no columns) and without positions.
    outlook : Outlook or None
        Forecast from the newest snapshot.
    changed : float
        When the file was last written, seconds since the epoch; 0 when there is none.
    """

    def __init__(self, path: str | os.PathLike[str], forecast: bool = False) -> None:
        self.path = Path(path)
        self.status, self.message, self.changed = "waiting", "", 0.0
        self.outlook: Outlook | None = None
        self._forecast = forecast
        self._forget()

    def _forget(self) -> None:
        self._prophet = Prophet() if self._forecast else None
        self.run = Trajectory(np.zeros((0, 0)))
        self.outlook = None
        self._seen: tuple | None = None
        self._file_number: tuple | None = None

    def poll(self) -> bool:
        """Look at the file; returns whether anything is different from the last look.

        A look at a file that has not changed costs two system calls, at any other one the rows
        that came since.
        """
        before = (self.status, self.message, len(self.run), id(self.run))
        try:
            info = os.stat(self.path)
        except OSError as error:
            self._forget()
            self.changed, self.message = 0.0, ""
            self.status = "waiting"
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self.status, self.message = "unreadable", f"{self.path}: {error.strerror}"
        else:
            if stat.S_ISREG(info.st_mode):
                self._look(info)
            else:  # to read a pipe may take for ever
                self._forget()
                self.changed, self.status = 0.0, "unreadable"
                self.message = f"{self.path}: not a regular file, expected an H5MD file"
        return before != (self.status, self.message, len(self.run), id(self.run))

    def _look(self, info: os.stat_result) -> None:
        self.changed = info.st_mtime
        number = (info.st_dev, info.st_ino)
        if self._file_number is not None and number != self._file_number:
            self._forget()  # continued from a restart: a new file under the old name
        self._file_number = number
        seen = (info.st_mtime_ns, info.st_size)
        try:
            if seen != self._seen:
                self._read()
                # a second change within one tick of the file system's clock would go unnoticed
                self._seen = seen if now() - info.st_mtime > _SETTLED else None
            elif self.status == "unreadable":
                return
            if not is_marked(self.path):
                self.status = "ended"
            else:
                alive = is_locked(self.path)
                self.status = "killed" if alive is False else "running"
            self.message = ""
        except StoreError as error:
            if self._in_motion():
                return  # in the middle of a write: the next look will do
            self.status, self.message, self._seen = "unreadable", str(error), seen
        except OSError as error:
            self.status, self.message = "unreadable", f"{self.path}: {error.strerror or error}"

    def _in_motion(self) -> bool:
        try:
            return is_marked(self.path) and bool(is_locked(self.path))
        except OSError:
            return False

    def _read(self) -> None:
        with h5md.open_for_reading(self.path) as file:
            try:
                root = file["observables"]
                count, known = h5md.committed(root), len(self.run)
                clock = root["dbar/D/step"]
                if known and (count < known or int(clock[known - 1]) != self.run.step[-1]):
                    self._forget()
                    known = 0
                if count == known and known:
                    return
                run = _extended(self.run, file, known, count)
                unit_style(run.units)  # raises for a style that LAMMPS does not have
                self.run = run
                if self._prophet is not None:
                    self.outlook = self._prophet.look(file, self.run)
            except StoreError:
                raise
            except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
                raise h5md.damage(self.path, error) from None

    @property
    def why_no_outlook(self) -> str:
        """Why there is no forecast yet, where that is worth saying."""
        return self._prophet.why if self._prophet is not None else ""

    @property
    def age(self) -> float | None:
        """Seconds since the file was written, None when there is no file."""
        return max(0.0, now() - self.changed) if self.changed else None


def _extended(run: Trajectory, file: h5py.File, known: int, count: int) -> Trajectory:
    """The run with rows known to count added."""
    root, own = file["observables"], file["observables/dbar"]

    def more(old: np.ndarray | None, dataset: h5py.Dataset) -> np.ndarray:
        new = dataset[known:count]
        return new if old is None or not known else np.concatenate([old, new])

    first = not known
    return Trajectory(
        D=np.zeros((count, 0)),
        time=more(run.time, own["D/time"]),
        step=more(run.step, own["D/step"]),
        observables={
            name: more(run.observables.get(name), root[name]["value"])
            for name in root
            if name != "dbar"
        },
        monitor={
            name: more(run.monitor.get(name), own[name]["value"])
            for name in MONITOR_FIELDS
            if name in own
        },
        estimates={
            name: more(run.estimates.get(name), group["value"])
            for name, group in root.get(ESTIMATES, {}).items()
        },
        parameters=h5md.read_json(file, "parameters/dbar/descriptor") if first else run.parameters,
        monitor_config=(
            h5md.read_json(file, "parameters/dbar/monitor/config") if first else run.monitor_config
        ),
    )
