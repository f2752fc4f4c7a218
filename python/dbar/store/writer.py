"""Writer of a running simulation's trajectory: H5MD in SWMR mode, safe against ``kill -9``.

A row counts once its ``step`` is in the file. Everything else of the row is flushed first, so a
kill at any moment loses at most the snapshot in flight. A file left behind in SWMR mode cannot be
opened for writing again; continuing therefore copies what is kept into a new file, which takes the
old one's place in one rename.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import h5py
import numpy as np

from dbar.files.atomic import replacing, set_aside
from dbar.files.filelock import FileLock, Locked
from dbar.files.refused import Refused
from dbar.store import h5md
from dbar.store.checkpoint import Checkpoint, pack, unpack
from dbar.store.columns import CHUNKS, ESTIMATES, MONITOR_FIELDS, QUANTITIES
from dbar.store.h5md import StoreError
from dbar.store.rows import (
    Header,
    carry_start,
    copy_rows,
    differing_setting,
    extend_row,
    rows_until,
    turn_away,
)

__all__ = ["Store"]

_CACHE = 2**16  # bytes of chunks kept per dataset; HDF5's 1 MiB fills slowly and looks like a leak


class Store:
    """Append-only H5MD file of one run.

    Parameters
    ----------
    path : path-like
        File to write. An existing store of the same settings is continued: its snapshots later
        than ``step`` are dropped (the run will make them again). When all of it is later than, or
        at, ``step`` and the run does not come from a restart, the file is kept under the next free
        of ``PATH.bck.0``, ``PATH.bck.1``, ... and a new one begun; one without snapshots is
        replaced.
    header : Header
        What the rows are made of.
    step : int
        Timestep at which the run starts.
    restarted : bool
        The run continues from a LAMMPS restart file that knows of this stream.
    say : callable
        Receives one line of text for each thing the user should know.

    Raises
    ------
    StoreError
        Unwritable or missing folder, truncated file, a store made with other settings, or a
        store that another process is writing.

    Attributes
    ----------
    snapshots : int
        Complete rows in the file.
    last_step : int or None
        Timestep of the newest row.
    checkpoint_read : Checkpoint or None
        Newest valid checkpoint found when an existing store was continued.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header,
        step: int = 0,
        restarted: bool = False,
        say: Callable[[str], None] = print,
    ) -> None:
        self.path = Path(path)
        self.header = header
        self.snapshots = 0
        self.last_step: int | None = None
        self.checkpoint_read: Checkpoint | None = None
        self._sequence = 0
        self._file: h5py.File | None = None
        self._failure: str | None = None
        self._check_folder()
        try:
            self._lock = FileLock(self.path)
        except Locked as owner:
            raise StoreError(f"{self.path}: is being written by {owner}") from None
        except Refused as error:
            raise StoreError(f"{self.path}: cannot be written ({error})") from None
        except OSError as error:
            text = f"the folder {self.path.parent.absolute()} takes no file: {error.strerror}"
            raise StoreError(f"{self.path}: cannot be written ({text})") from None
        try:
            self._begin(step, restarted, say)
        except BaseException as error:
            self._lock.release()
            if isinstance(error, Refused):
                raise StoreError(str(error)) from None
            if isinstance(error, OSError):
                reason = h5md.reason_of(error)
                raise StoreError(f"{self.path}: cannot be written ({reason})") from None
            raise

    def _check_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreError(f"{self.path}: the folder {folder} does not exist")
        if self.path.is_dir():
            raise StoreError(f"{self.path}: is a folder, expected the name of a file")
        # of the folder only an attempt tells: root passes checks of permissions, and a lock is made
        if self.path.exists() and not os.access(self.path, os.W_OK):
            raise StoreError(f"{self.path}: cannot be written (the file is read-only)")

    def _begin(self, step: int, restarted: bool, say: Callable[[str], None]) -> None:
        # The new file appears under its name only when its layout is complete.
        with replacing(self.path) as part:
            others = 0
            with h5py.File(part, "w", libver="latest", locking="best-effort") as new:
                self.header.create(new)
                if self.path.exists():
                    others = self._take_over(new, step, restarted, say)
                elif restarted:
                    say(
                        f"{self.path}: not found although the run was restarted; a new store begins"
                    )
            if others:
                say(
                    f"{self.path}: all {others} snapshots are at or after step {step}; "
                    f"kept as {set_aside(self.path).name}, a new store begins"
                )
        file = h5py.File(
            self.path, "r+", libver="latest", locking="best-effort", rdcc_nbytes=_CACHE
        )
        file.swmr_mode = True
        self._file = file
        own = file["observables/dbar"]
        self._step, self._time = own["D/step"], own["D/time"]
        self._columns = [own["D/value"]] + ([own["V/value"]] if self.header.virial else [])
        self._columns += [own[name]["value"] for name in MONITOR_FIELDS]
        self._columns += [file["observables"][k]["value"] for k in self.header.observables]
        self._columns += [
            file[f"observables/{ESTIMATES}/{name}/value"] for name in self.header.estimated
        ]
        if self.header.chunk:
            parts = ("D", "V") if self.header.virial else ("D",)
            self._columns += [file[f"observables/{CHUNKS}/{name}/value"] for name in parts]
        group = file["particles/snapshots"]
        self._kept_step, self._kept_time = group["position/step"], group["position/time"]
        names = ("position", "id", "species", "box/edges", "box/origin", "box/periodic")
        self._kept = [group[name]["value"] for name in names]
        slots = file["parameters/dbar/monitor"]
        self._slots = (slots["slot0"], slots["slot1"])

    def _take_over(self, new: h5py.File, step: int, restarted: bool, say: Callable) -> int:
        """Go on with the file that is there; else the number of its snapshots, of another run."""
        with h5md.open_for_reading(self.path) as old:
            try:
                different = differing_setting(old, self.header)
                if different:
                    name, stored, wanted = different
                    raise StoreError(
                        f"{self.path}: was made with {name} {stored}, this run has {wanted}; "
                        "choose another file name or move it away"
                    )
                total = h5md.committed(old["observables"])
                keep = rows_until(old["observables/dbar/D/step"], total, step)
                first = int(old["observables/dbar/D/step"][0]) if total else None
                if not restarted and (first is None or step <= first):
                    return total
                self.snapshots = keep
                self.last_step = int(old["observables/dbar/D/step"][keep - 1]) if keep else None
                copy_rows(old, new, keep, step)
                carry_start(old, new)
                self._take_checkpoints(old, new, keep, say)
            except (OSError, KeyError, ValueError) as error:
                raise h5md.damage(self.path, error) from None
        if keep < total:
            say(f"{self.path}: {total - keep} snapshots later than step {step} dropped")
        say(f"{self.path}: continued after {keep} snapshots")
        return 0

    def _take_checkpoints(self, old: h5py.File, new: h5py.File, keep: int, say: Callable) -> None:
        if h5md.read_json(old, "parameters/dbar/monitor/config") != self.header.canonical_config():
            say(f"{self.path}: the monitor's settings changed; it learns from the stored snapshots")
            return
        for name in ("slot0", "slot1"):
            blob = old["parameters/dbar/monitor"][name][...]
            found = unpack(blob)
            if found is None or found.snapshots > keep:
                continue
            slot = new["parameters/dbar/monitor"][f"slot{found.sequence % 2}"]
            slot.resize(blob.shape)
            slot[...] = blob
            self._sequence = max(self._sequence, found.sequence)
            if self.checkpoint_read is None or found.sequence > self.checkpoint_read.sequence:
                self.checkpoint_read = found

    def append(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        thermo: np.ndarray,
        monitor: dict[str, float],
        estimates: np.ndarray = (),
        chunks: np.ndarray | None = None,
    ) -> None:
        """Add one snapshot.

        Parameters
        ----------
        step, time : int, float
            Timestep and time; steps must increase.
        D : (K+1,) array
        V : (K+1, 6) array or None
            Voigt order xx yy zz xy xz yz.
        thermo : (n,) array
            In the order of ``header.observables``.
        monitor : dict
            A value for each of ``MONITOR_FIELDS``.
        estimates : (q, 4) array
            A row for each of ``header.estimated``.
        chunks : (n, K+1) or, where V is stored, (n, 7 (K+1)) array
            D, then V in Voigt order of each chunk of ``header.chunk``.

        Raises
        ------
        StoreError
            If the file cannot be written, or ``step`` does not increase.
        """
        self._increase("snapshot", step, self.last_step)
        values = [D] + ([V] if self.header.virial else [])
        values += [monitor[name] for name in MONITOR_FIELDS]
        values += [*thermo, *estimates]
        if self.header.chunk:
            size = self.header.size
            values += [chunks[:, :size]]
            values += [chunks[:, size:].reshape(-1, size, 6)] if self.header.virial else []
        n = self.snapshots
        columns = zip((*self._columns, self._time), (*values, time), strict=True)
        self._commit(n, columns, self._step, step)
        self.snapshots, self.last_step = n + 1, int(step)

    def keep(
        self,
        step: int,
        time: float,
        ids: np.ndarray,
        types: np.ndarray,
        x: np.ndarray,
        box: np.ndarray,
        periodic: np.ndarray,
    ) -> None:
        """Keep the positions of a snapshot, later than those kept already.

        Parameters
        ----------
        ids, types : (n,) arrays
        x : (n, 3) array
            Positions, any order of atoms; they are stored sorted by ID.
        box : (9,) array
            xlo ylo zlo xhi yhi zhi xy xz yz.
        periodic : (3,) bool array
            Which cell vectors are periods.

        Raises
        ------
        StoreError
            If the file cannot be written, or ``step`` does not increase.
        """
        n = self._kept_step.shape[0]
        self._increase("positions", step, self._kept_step[n - 1] if n else None)
        order = np.argsort(ids, kind="stable")
        xlo, ylo, zlo, xhi, yhi, zhi, xy, xz, yz = (float(b) for b in box)
        edges = np.array([[xhi - xlo, 0, 0], [xy, yhi - ylo, 0], [xz, yz, zhi - zlo]])
        atoms = (x[order], ids[order], types[order])
        values = (*atoms, edges, np.array([xlo, ylo, zlo]), periodic)
        columns = zip((*self._kept, self._kept_time), (*values, time), strict=True)
        self._commit(n, columns, self._kept_step, step)

    def _increase(self, what: str, step: int, last: int | None) -> None:
        if last is not None and step <= last:
            raise StoreError(
                f"{self.path}: {what} at step {step} after step {last}; "
                "steps of one store must increase"
            )

    def _commit(self, n: int, columns: Iterable, step_dataset: h5py.Dataset, step: int) -> None:
        """Write row n: everything else must be in the file before its step is."""
        with self._writing():
            for dataset, value in columns:
                extend_row(dataset, n, value)
            self._file.flush()
            extend_row(step_dataset, n, step)
            self._file.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        if self._failure is None:
            try:
                yield
                return
            except (OSError, RuntimeError) as error:
                self._failure = f"{self.path}: cannot be written ({h5md.reason_of(error)})"
                turn_away(self._file)
        raise StoreError(self._failure)

    def write_checkpoint(self, arrays: dict[str, np.ndarray]) -> None:
        """Write the monitor's state over the older of the two slots."""
        self._sequence += 1
        blob = pack(self._sequence, self.snapshots, arrays)
        slot = self._slots[self._sequence % 2]
        with self._writing():
            if slot.shape[0] < len(blob):
                slot.resize((len(blob),))
            slot[: len(blob)] = blob
            self._file.flush()

    def rows(self, name: str, start: int = 0) -> np.ndarray:
        """Rows from ``start`` on of ``step``, ``time``, ``D``, ``V`` (Voigt) or a monitor field."""
        if name in ("step", "time"):
            return self._file["observables/dbar/D"][name][start : self.snapshots]
        return self._file["observables/dbar"][name]["value"][start : self.snapshots]

    def thermo(self, start: int = 0) -> np.ndarray:
        """Rows (T, n) from ``start`` on of ``header.observables``."""
        root, end = self._file["observables"], self.snapshots
        columns = [root[name]["value"][start:end] for name in self.header.observables]
        return np.array(columns).reshape(len(columns), end - start).T

    def estimates(self, start: int = 0) -> np.ndarray:
        """Rows (T, q, 4) from ``start`` on of what was estimated."""
        root, names, end = self._file["observables"], self.header.estimated, self.snapshots
        columns = [root[f"{ESTIMATES}/{name}"]["value"][start:end] for name in names]
        return np.array(columns).reshape(len(names), end - start, len(QUANTITIES)).swapaxes(0, 1)

    def kept_steps(self) -> np.ndarray:
        """Timesteps of the kept positions, (S,) int."""
        return self._kept_step[...]

    def close(self) -> None:
        """Close the file; a second call does nothing. StoreError if that is the first failure."""
        if self._file is not None:
            try:
                if self._failure is None:
                    with self._writing():
                        self._file.flush()
            finally:
                self._file.close()
                self._file = None
                self._lock.release()
