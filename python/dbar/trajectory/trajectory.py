"""Trajectories of global descriptors: the arrays of a run, read from and written to H5MD."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from dbar.descriptors.voigt import tensor_to_voigt, voigt_to_tensor
from dbar.files.atomic import replacing
from dbar.files.filelock import at_work
from dbar.files.kinds import Kind
from dbar.files.refused import Refused
from dbar.files.superblock import is_marked
from dbar.store import h5md
from dbar.store.columns import CHUNKS, ESTIMATES, QUANTITIES
from dbar.store.h5md import StoreError
from dbar.store.parameters import checked_time, read_config, read_parameters
from dbar.store.rows import rows_until
from dbar.trajectory.chunks import Chunks, read_chunks, reading
from dbar.version import __version__

__all__ = ["Snapshots", "Trajectory", "read", "write"]


@dataclass
class Snapshots:
    """Kept positions.

    Attributes
    ----------
    step, time : (S,) arrays
        Timestep and time of each kept snapshot.
    position : (S, N, 3) array
        Time-averaged positions, LAMMPS length units, sorted by atom ID; NaN where a snapshot has
        fewer atoms than the largest one.
    id, species : (S, N) arrays
        Atom IDs and LAMMPS types; 0 where there is no atom.
    edges : (S, 3, 3) array
        Cell vectors as rows.
    origin : (S, 3) array
        Lower corner of the box.
    periodic : (S, 3) bool array
        Which cell vectors are periods; three of all snapshots when made.
    """

    step: np.ndarray
    time: np.ndarray
    position: np.ndarray
    id: np.ndarray
    species: np.ndarray
    edges: np.ndarray
    origin: np.ndarray
    periodic: np.ndarray = (True, True, True)

    def __post_init__(self) -> None:
        given = np.asarray(self.periodic, dtype=bool)
        if given.shape not in ((3,), (len(self), 3)):
            raise ValueError(f"periodic has shape {given.shape}, expected (3,) or ({len(self)}, 3)")
        self.periodic = np.broadcast_to(given, (len(self), 3)).copy()

    def __len__(self) -> int:
        return len(self.step)


@dataclass
class Trajectory:
    """One run as arrays.

    Attributes
    ----------
    D : (T, K+1) array
        Global descriptors; component 0 is the number of central atoms.
    V : (T, K+1, 3, 3) array or None
        dD/dstrain, symmetric.
    time, step : (T,) arrays
        Time (LAMMPS time units) and timestep of each snapshot.
    observables : dict of (T,) arrays
        Thermodynamic outputs, by their LAMMPS names.
    monitor : dict of (T,) arrays
        What the monitor said while the run went on: ``state, M, bound, innovation, tau_pred,
        refits, consecutive, change_step, evidence, regime``; files of before lack the last four.
        Empty when there was none.
    estimates : dict of (T, 4) arrays
        Observables that the run estimated, by name: estimate, standard deviation, forecast, half
        width of its 90 % band; NaN where one was not known yet.
    snapshots : Snapshots or None
        Kept positions.
    parameters : dict
        Settings of the run: ``descriptor`` (dict), ``units``, ``dt``, ``nevery, nrepeat, nfreq``,
        ``start`` (timestep at which the run began), versions.
    monitor_config : dict
        Configuration of the monitor, {} when there was none.
    chunks : Chunks or None
        D and V of chunks of atoms (keyword *chunk*); those of a file are not in memory.
    """

    D: np.ndarray
    V: np.ndarray | None = None
    time: np.ndarray | None = None
    step: np.ndarray | None = None
    observables: dict[str, np.ndarray] = field(default_factory=dict)
    monitor: dict[str, np.ndarray] = field(default_factory=dict)
    snapshots: Snapshots | None = None
    parameters: dict = field(default_factory=dict)
    monitor_config: dict = field(default_factory=dict)
    estimates: dict[str, np.ndarray] = field(default_factory=dict)
    chunks: Chunks | None = None

    def __post_init__(self) -> None:
        self.D = np.asarray(self.D, dtype=float)
        if self.D.ndim != 2:
            raise ValueError(f"D has shape {self.D.shape}, expected (T, K+1)")
        count, size = self.D.shape
        if self.V is not None:
            self.V = np.asarray(self.V, dtype=float)
            if self.V.shape != (count, size, 3, 3):
                raise ValueError(f"V has shape {self.V.shape}, expected {(count, size, 3, 3)}")
        self.step = np.arange(count) if self.step is None else np.asarray(self.step, dtype=np.int64)
        self.time = self.step.astype(float) if self.time is None else np.asarray(self.time, float)
        columns = {"time": self.time, "step": self.step, **self.observables, **self.monitor}
        for name, column in columns.items():
            if np.shape(column) != (count,):
                raise ValueError(f"{name} has shape {np.shape(column)}, expected ({count},)")
        if self.chunks is not None and self.chunks.D.shape[::2] != (count, size):
            raise ValueError(
                f"D of chunks has shape {self.chunks.D.shape}, expected ({count}, n, {size})"
            )
        if self.chunks is not None and (self.chunks.V is None) != (self.V is None):
            whole, parts = ("none" if v is None else "some" for v in (self.V, self.chunks.V))
            raise ValueError(f"V of chunks: found {parts}, expected {whole} as of all atoms")
        for name, table in self.estimates.items():
            if np.shape(table) != (count, len(QUANTITIES)):
                raise ValueError(
                    f"estimates of {name} have shape {np.shape(table)}, expected "
                    f"({count}, {len(QUANTITIES)})"
                )

    def __len__(self) -> int:
        return len(self.D)

    @property
    def units(self) -> str:
        """LAMMPS unit style of the run, "lj" (dimensionless) when unknown."""
        return self.parameters.get("units", "lj")


def read(
    path: str | os.PathLike[str], after: int | None = None, positions: bool = True
) -> Trajectory:
    """Read a trajectory, also one that is still being written or whose run was killed.

    Parameters
    ----------
    path : path-like
        H5MD file written by ``fix dbar/stream ... store`` or by `write`.
    after : int, optional
        Timestep: of snapshots and kept positions only later ones are read.
    positions : bool
        Also the kept positions, which may be more than all the rest; else `snapshots` is None.

    Returns
    -------
    Trajectory
        Complete snapshots only: one that was in flight when the file was opened is left out.

    Raises
    ------
    StoreError
        If the file is missing, not ours, truncated or corrupt; the message names file and reason.
    """
    return reading(path, lambda file: _read_open(file, path, after, positions))


def _read_open(
    file: h5py.File, path: str | os.PathLike[str], after: int | None, positions: bool
) -> Trajectory:
    root = file["observables"]
    own = root["dbar"]
    rows = _rows(root, own["D/step"], after)
    parameters = read_parameters(file)
    return Trajectory(
        D=own["D/value"][rows],
        V=voigt_to_tensor(own["V/value"][rows]) if "V" in own else None,
        step=own["D/step"][rows],
        time=checked_time(file, own["D/time"][rows]),
        observables={k: root[k]["value"][rows] for k in root if k != "dbar"},
        monitor={k: own[k]["value"][rows] for k in h5md.MONITOR_FIELDS if k in own},
        estimates={k: v["value"][rows] for k, v in root.get(ESTIMATES, {}).items()},
        snapshots=_read_snapshots(file, after) if positions else None,
        parameters=parameters,
        monitor_config=read_config(file),
        chunks=read_chunks(file, path, rows, parameters.get("chunk")),
    )


def _rows(group: h5py.Group, step: h5py.Dataset, after: int | None) -> slice:
    count = h5md.committed(group)
    return slice(0 if after is None else rows_until(step, count, after), count)


def _read_snapshots(file: h5py.File, after: int | None) -> Snapshots | None:
    group = file.get("particles/snapshots")
    if group is None:
        return None
    rows = _rows(group, group["position/step"], after)
    if rows.start >= rows.stop:
        return None
    return Snapshots(
        step=group["position/step"][rows],
        time=group["position/time"][rows],
        position=group["position/value"][rows],
        id=group["id/value"][rows],
        species=group["species/value"][rows],
        edges=group["box/edges/value"][rows],
        origin=group["box/origin/value"][rows],
        periodic=h5md.kept_periodic(group, rows),
    )


def write(path: str | os.PathLike[str], traj: Trajectory) -> None:
    """Write a trajectory as H5MD, replacing the file at once when it is complete.

    Parameters
    ----------
    path : path-like
        File to write; its folder must exist.
    traj : Trajectory
        What to write. ``V`` is stored in Voigt order, so it must be symmetric.

    Raises
    ------
    StoreError
        If the file cannot be written, is being written by a run, or is no run of dbar.
    """
    busy = at_work(Path(path))
    if busy is None and os.path.isfile(path):  # nobody on this computer, but the file may tell
        busy = is_marked(Path(path))
    if busy:
        raise StoreError(f"{path}: is being written by a run, expected another file")
    snaps = traj.snapshots
    parameters = {"units": traj.units, "dbar_version": __version__, **traj.parameters}
    parameters.pop("chunk", None)
    if traj.chunks is not None:
        parameters["chunk"] = traj.chunks.record
    try:
        with (
            replacing(path, Kind.RUN) as part,
            h5py.File(part, "w", libver="latest", locking="best-effort") as file,
        ):
            h5md.create_layout(
                file,
                size=traj.D.shape[1],
                virial=traj.V is not None,
                observables=list(traj.observables),
                units=traj.units,
                natoms=snaps.position.shape[1] if snaps else 0,
                boundary=_boundary(snaps) if snaps else None,
                parameters=parameters,
                monitor_config=traj.monitor_config,
                monitor_fields=tuple(traj.monitor),
                estimated=list(traj.estimates),
                chunks=traj.chunks.count if traj.chunks is not None else 0,
            )
            own = file["observables/dbar"]
            _fill(own["D/step"], traj.step)
            _fill(own["D/time"], traj.time)
            _fill(own["D/value"], traj.D)
            if traj.V is not None:
                _fill(own["V/value"], tensor_to_voigt(traj.V))
            for name, column in traj.monitor.items():
                _fill(own[name]["value"], column)
            for name, column in traj.observables.items():
                _fill(file["observables"][name]["value"], column)
            for name, table in traj.estimates.items():
                _fill(file["observables"][f"{ESTIMATES}/{name}"]["value"], table)
            if traj.chunks is not None:
                _fill_chunks(file[f"observables/{CHUNKS}"], traj.chunks)
            if snaps:
                _fill_snapshots(file["particles/snapshots"], snaps)
    except Refused as error:
        raise StoreError(str(error)) from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({h5md.reason_of(error)})") from None


def _fill(dataset: h5py.Dataset, values: np.ndarray) -> None:
    values = np.asarray(values)
    dataset.resize(values.shape)
    dataset[...] = values


def _fill_chunks(group: h5py.Group, chunks: Chunks) -> None:
    for name in group:
        target, rows = group[name]["value"], getattr(chunks, name)
        target.resize((len(chunks), *target.shape[1:]))
        for block in chunks.blocks():
            target[block] = tensor_to_voigt(rows[block]) if name == "V" else rows[block]


def _fill_snapshots(group: h5py.Group, snaps: Snapshots) -> None:
    _fill(group["position/step"], snaps.step)
    _fill(group["position/time"], snaps.time)
    _fill(group["position/value"], snaps.position)
    _fill(group["id/value"], snaps.id)
    _fill(group["species/value"], snaps.species)
    _fill(group["box/edges/value"], snaps.edges)
    _fill(group["box/origin/value"], snaps.origin)
    _fill(group["box/periodic/value"], snaps.periodic)


def _boundary(snaps: Snapshots) -> list[str]:
    """Words of H5MD for the first snapshot; the file holds those of each beside."""
    return ["periodic" if p else "none" for p in snaps.periodic[0]]
