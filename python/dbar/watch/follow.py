"""Follow a run whose file is still being written, reading what is new and nothing twice."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np

from dbar.files.filelock import at_work
from dbar.files.superblock import is_marked
from dbar.store import h5md
from dbar.store.columns import ESTIMATES
from dbar.store.h5md import MONITOR_FIELDS, StoreError
from dbar.store.parameters import checked_time, read_config, read_parameters
from dbar.store.units import unit_style
from dbar.trajectory.trajectory import Trajectory
from dbar.watch.follow_forecast import Outlook, Prophet
from dbar.watch.growing import Growing
from dbar.watch.since import Since

__all__ = ["STATUSES", "Follower"]

STATUSES = ("waiting", "running", "ended", "killed", "unreadable")
_SETTLED = 2.0  # seconds, longer than a tick of the file system's clock


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
        writer is gone without closing it; never said of one that may be on another computer, whose
        lock this one need not see), "unreadable".
    message : str
        Why, when the file is unreadable.
    run : Trajectory
        What the file holds, without D and V (``run.D`` has no columns) and without positions.
    outlook : Outlook or None
        Forecast from the newest snapshot.
    age : float or None
        Seconds since the file was written, None when there is no file.
    """

    def __init__(self, path: str | os.PathLike[str], forecast: bool = False) -> None:
        self.path = Path(path)
        self.status, self.message = "waiting", ""
        self._since = Since()
        self.outlook: Outlook | None = None
        self._forecast = forecast
        self._forget()

    def _forget(self) -> None:
        self._prophet = Prophet() if self._forecast else None
        self.run = Trajectory(np.zeros((0, 0)))
        self._columns: defaultdict[str, Growing] = defaultdict(Growing)
        self.outlook = None
        self._seen: tuple | None = None
        self._failed: tuple | None = None
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
            self._since.forget()
            self.status, self.message = "waiting", ""
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self.status, self.message = "unreadable", f"{self.path}: {error.strerror}"
        else:
            if stat.S_ISREG(info.st_mode):
                self._look(info)
            else:  # to read a pipe may take for ever
                self._forget()
                self._since.forget()
                self.status = "unreadable"
                self.message = f"{self.path}: not a regular file, expected an H5MD file"
        return before != (self.status, self.message, len(self.run), id(self.run))

    def _look(self, info: os.stat_result) -> None:
        number = (info.st_dev, info.st_ino)
        if self._file_number is not None and number != self._file_number:
            self._forget()  # continued from a restart: a new file under the old name
        self._file_number = number
        seen = (info.st_mtime_ns, info.st_size)
        self._since.look((number, seen), info.st_mtime)
        try:
            if seen != self._seen:
                self._read()
                # a second change within one tick of the file system's clock would go unnoticed
                self._seen = seen if self._since.at_rest > _SETTLED else None
            elif self.status == "unreadable":
                return
            if not is_marked(self.path):
                self.status = "ended"
            else:
                self.status = "killed" if at_work(self.path) is False else "running"
            self.message = ""
        except StoreError as error:
            if self._in_motion(seen):
                return  # in the middle of a write: the next look will do
            self.status, self.message, self._seen = "unreadable", str(error), seen
        except OSError as error:
            self.status, self.message = "unreadable", f"{self.path}: {error.strerror or error}"

    def _in_motion(self, seen: tuple) -> bool:
        """Whether what cannot be read may be half of a write."""
        try:
            alive = is_marked(self.path) and at_work(self.path)
        except OSError:
            return False
        # where nobody can say, one more look at a file that was good before
        again, self._failed = self._failed == seen, seen
        return bool(alive) or (alive is None and bool(len(self.run)) and not again)

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
                run = _extended(self.run, self._columns, file, known, count)
                unit_style(run.units)  # raises for a style that LAMMPS does not have
                self.run = run
                if self._prophet is not None:
                    self.outlook = self._prophet.look(file, self.run)
            except StoreError:
                raise
            except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
                raise h5md.damage(self.path, error) from None

    @property
    def why_no_outlook(self) -> str:
        """Why there is no forecast yet, where that is worth saying."""
        return self._prophet.why if self._prophet is not None else ""

    @property
    def age(self) -> float | None:
        """Seconds since the file was written, None when there is no file."""
        return self._since.age


def _extended(
    run: Trajectory, columns: defaultdict[str, Growing], file: h5py.File, known: int, count: int
) -> Trajectory:
    """The run with rows known to count added."""
    root, own = file["observables"], file["observables/dbar"]

    def more(dataset: h5py.Dataset) -> np.ndarray:
        return columns[dataset.name].extend(known, dataset[known:count])

    first = not known
    return Trajectory(
        D=np.zeros((count, 0)),
        time=checked_time(file, more(own["D/time"])),
        step=more(own["D/step"]),
        observables={name: more(root[name]["value"]) for name in root if name != "dbar"},
        monitor={name: more(own[name]["value"]) for name in MONITOR_FIELDS if name in own},
        estimates={name: more(group["value"]) for name, group in root.get(ESTIMATES, {}).items()},
        parameters=read_parameters(file) if first else run.parameters,
        monitor_config=read_config(file) if first else run.monitor_config,
    )
