"""Rows of a store: what they are made of, and what it takes to go on with an existing one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import h5py
import numpy as np

from dbar.files.in_words import in_words
from dbar.store import h5md
from dbar.store.columns import CHUNKS, ESTIMATES, LATER_FIELDS, MONITOR_FIELDS
from dbar.store.parameters import read_parameters
from dbar.version import __version__

__all__ = [
    "Header",
    "carry_start",
    "copy_rows",
    "differing_parameters",
    "differing_setting",
    "extend_row",
    "rows_until",
    "turn_away",
]

_BLOCK = 1 << 24  # bytes copied at once
_LATER = {f"dbar/{name}/value" for name in LATER_FIELDS}


@dataclass
class Header:
    """Settings that all rows of a store share.

    Attributes
    ----------
    descriptor : dict
        Settings of the compute, JSON-able.
    size : int
        K+1, length of D.
    virial : bool
        Whether V is stored.
    units : str
        LAMMPS unit style.
    dt : float
        Timestep in time units.
    nevery, nrepeat, nfreq : int
        Averaging of the stream, in timesteps.
    observables : list of str
        Names of the thermodynamic outputs.
    natoms : int
        Number of atoms of the stream's group at the start (chunks and first width of the kept
        positions).
    boundary : list of str
        "periodic" or "none" per direction, at the start.
    versions : dict
        ``lammps_version`` and the like; not compared.
    monitor_config : dict
        Configuration of the monitor, {} when there is none.
    masses : list of float or None
        Of the atom types, where types have masses.
    observe : dict
        ``words``, and ``ahead`` in time units: what is estimated and forecast; {} for nothing.
    seldom : dict
        ``every`` and ``names`` of observables that most rows do not have; {} for none.
    chunk : dict
        ``id, style, count`` of the compute whose chunks of atoms have a D of their own, and
        ``grid``, bins along each axis, where it is known; {} for none.
    start : int or None
        Timestep at which the run began; of a store that is continued, its first part. Not
        compared.
    """

    descriptor: dict
    size: int
    virial: bool
    units: str
    dt: float
    nevery: int
    nrepeat: int
    nfreq: int
    observables: list[str] = field(default_factory=list)
    natoms: int = 0
    boundary: list[str] = field(default_factory=lambda: ["periodic"] * 3)
    versions: dict = field(default_factory=dict)
    monitor_config: dict = field(default_factory=dict)
    masses: list[float] | None = None
    observe: dict = field(default_factory=dict)
    seldom: dict = field(default_factory=dict)
    chunk: dict = field(default_factory=dict)
    start: int | None = None

    @classmethod
    def from_settings(cls, settings: dict, monitor_config: dict) -> Header:
        """Header of a stream's store, from the settings of its `dbar.stream.Session`."""
        words = settings.get("boundary") or ["p"] * 3
        return cls(
            descriptor=settings["descriptor"],
            size=int(settings["size"]),
            virial=bool(settings["virial"]),
            units=settings["units"],
            dt=float(settings["dt"]),
            nevery=int(settings["nevery"]),
            nrepeat=int(settings["nrepeat"]),
            nfreq=int(settings["nfreq"]),
            observables=list(settings.get("thermo") or []),
            natoms=int(settings.get("natoms") or 0),
            boundary=["periodic" if word.startswith("p") else "none" for word in words],
            versions={
                "lammps_version": str(settings.get("lammps_version", "")),
                "plugin_version": str(settings.get("plugin_version", "")),
                "dbar_version": __version__,
            },
            monitor_config=monitor_config,
            masses=settings.get("masses"),
            observe={"words": list(words), "ahead": settings.get("ahead")}
            if (words := settings.get("observe"))
            else {},
            seldom=settings.get("seldom") or {},
            chunk=settings.get("chunk") or {},
            start=settings.get("step"),
        )

    @property
    def estimated(self) -> list[str]:
        """Names of the observables that are estimated."""
        return [word.partition(":")[0] for word in self.observe.get("words", [])]

    def parameters(self) -> dict:
        """Content of ``parameters/dbar/descriptor``."""
        return {
            "schema": h5md.SCHEMA,
            "descriptor": self.descriptor,
            "size": self.size,
            "virial": self.virial,
            "units": self.units,
            "dt": self.dt,
            "nevery": self.nevery,
            "nrepeat": self.nrepeat,
            "nfreq": self.nfreq,
            "observables": list(self.observables),
            **{
                name: value
                for name in ("masses", "observe", "seldom", "chunk")
                if (value := getattr(self, name))
            },
            **({} if self.start is None else {"start": int(self.start)}),
            **self.versions,
        }

    def canonical_config(self) -> dict:
        """The monitor's configuration as it looks after a round trip through JSON."""
        return json.loads(json.dumps(self.monitor_config or {}))

    def create(self, file: h5py.File) -> None:
        """Create the empty layout in a new file."""
        h5md.create_layout(
            file,
            size=self.size,
            virial=self.virial,
            observables=list(self.observables),
            units=self.units,
            natoms=self.natoms,
            parameters=self.parameters(),
            monitor_config=self.monitor_config,
            boundary=self.boundary,
            estimated=self.estimated,
            chunks=int(self.chunk.get("count", 0)),
        )


COMPARED = ("units", "size", "virial", "dt", "nevery", "nrepeat", "nfreq", "observables")
COMPARED += ("observe", "seldom")


def differing_setting(old: h5py.File, header: Header) -> tuple[str, object, object] | None:
    """First setting in which a store differs from a run: (name, stored, wanted), or None."""
    stored, wanted = read_parameters(old), header.parameters()
    # atoms may have masses of their own, and files of before said nothing of masses
    known = ("masses",) if "masses" in stored and "masses" in wanted else ()
    return differing_parameters(stored, wanted, (*COMPARED, *known)) or _differing_chunks(
        stored.get("chunk") or {}, wanted.get("chunk") or {}
    )


def _differing_chunks(stored: dict, wanted: dict) -> tuple[str, object, object] | None:
    if not stored or not wanted:
        return ("chunk", _show(stored), _show(wanted)) if stored or wanted else None
    for name in ("count", "id", "style", "grid"):
        if stored.get(name) != wanted.get(name):
            return f"chunk {name}", _show(stored.get(name)), _show(wanted.get(name))
    return None


def differing_parameters(
    stored: dict, wanted: dict, names: Sequence[str]
) -> tuple[str, object, object] | None:
    """First of schema, descriptor settings and `names` that differs: (name, stored, wanted)."""
    wanted = json.loads(json.dumps(wanted))
    if stored.get("schema") != wanted["schema"]:
        return "schema", stored.get("schema"), wanted["schema"]
    before, now = _flat(stored.get("descriptor", {})), _flat(wanted["descriptor"])
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            return f"descriptor setting {name}", _show(before.get(name)), _show(now.get(name))
    for name in names:
        if stored.get(name) != wanted.get(name):
            return name, _show(stored.get(name)), _show(wanted.get(name))
    return None


def _flat(settings: dict) -> dict:
    """One level of nesting undone, so that a message can name the word that differs."""
    flat = {}
    for name, value in settings.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _show(value: object) -> str:
    if isinstance(value, list):
        return f"[{in_words(value)}]"
    return in_words(dict(sorted(value.items())) if isinstance(value, dict) else value)


def rows_until(steps: h5py.Dataset, total: int, step: int) -> int:
    """Number of rows, of the first ``total``, whose timestep is at most ``step``."""
    return int(np.searchsorted(steps[:total], step, side="right"))


def copy_rows(old: h5py.File, new: h5py.File, keep: int, step: int) -> None:
    """Copy the first ``keep`` snapshots, and the kept positions up to ``step``."""
    own = ["D", *(["V"] if "V" in new["observables/dbar"] else []), *MONITOR_FIELDS]
    names = [f"dbar/{name}" for name in own]
    for place in (ESTIMATES, CHUNKS):
        names += [f"{place}/{name}" for name in new["observables"].get(place, ())]
    names += [name for name in new["observables"] if name != "dbar"]
    source, target = old["observables"], new["observables"]
    for name in ("dbar/D/step", "dbar/D/time", *(f"{name}/value" for name in names)):
        if name in source or name not in _LATER:
            _copy(source[name], target[name], keep)
        else:
            target[name].resize((keep,))
    source, target = old["particles/snapshots"], new["particles/snapshots"]
    kept = rows_until(source["position/step"], h5md.committed(source), step)
    for name in ("position", "id", "species", "box/edges", "box/origin"):
        _copy(source[f"{name}/value"], target[f"{name}/value"], kept)
    target["box/periodic/value"].resize((kept, 3))
    target["box/periodic/value"][...] = h5md.kept_periodic(source, slice(0, kept))
    for name in ("position/step", "position/time"):
        _copy(source[name], target[name], kept)


def carry_start(old: h5py.File, new: h5py.File) -> None:
    """Say in a store that goes on with an older one where that one began, if it says so."""
    name = "parameters/dbar/descriptor"
    here, before = h5md.read_json(new, name), h5md.read_json(old, name)
    here.pop("start", None)
    here |= {key: before[key] for key in ("start",) if key in before}
    new[name][()] = json.dumps(here, sort_keys=True)


def _copy(source: h5py.Dataset, target: h5py.Dataset, rows: int) -> None:
    other = [max(a, b) for a, b in zip(source.shape[1:], target.shape[1:], strict=True)]
    target.resize((rows, *other))
    part = tuple(slice(0, m) for m in source.shape[1:])
    block = max(1, _BLOCK // max(1, source.dtype.itemsize * int(np.prod(source.shape[1:]))))
    for start in range(0, rows, block):
        stop = min(rows, start + block)
        target[(slice(start, stop), *part)] = source[start:stop]


def extend_row(dataset: h5py.Dataset, n: int, value: object) -> None:
    """Write row n of a dataset that has at most n rows, growing its other axes where needed."""
    value = np.asarray(value, dtype=dataset.dtype)
    shape = tuple(max(a, b) for a, b in zip(dataset.shape[1:], value.shape, strict=True))
    dataset.resize((n + 1, *shape))
    if shape == value.shape:
        dataset[n] = value
    else:
        dataset[(n, *(slice(0, m) for m in value.shape))] = value


def turn_away(file: h5py.File) -> None:
    """Let nothing more of an open file reach the disk, after a write that failed.

    HDF5 tries again what it could not write whenever something of the file is closed, at the latest
    when the process ends. Then it crashes, and may have written of a longer file than there is,
    which makes all of it unreadable. Now that goes nowhere, and the file stays as it was flushed.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, file.id.get_vfd_handle(), inheritable=False)
    os.close(nowhere)
