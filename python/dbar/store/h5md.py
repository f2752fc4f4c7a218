"""Layout of the H5MD files (H5MD 1.1), shared by the writer of a run and by the offline reader.

::

    h5md/{author,creator,modules/units}
    observables/dbar/<name>/{step,time,value}     D, V, and what the monitor said
    observables/dbar/chunks/{D,V}/{step,time,value}  of each chunk of atoms
    observables/<thermo name>/{step,time,value}
    particles/snapshots/{position,id,species}/{step,time,value}
    particles/snapshots/box/{edges,origin,periodic}/{step,time,value}
    parameters/dbar/descriptor                    JSON: what was computed, units, versions
    parameters/dbar/monitor/{config,slot0,slot1}  JSON and two checkpoints of the monitor

All observables share one ``step`` and one ``time`` dataset by hard links, as H5MD allows; so do
the parts of ``particles/snapshots``.
"""

from __future__ import annotations

import getpass
import json
import os
import re
from pathlib import Path

import h5py
import numpy as np

from dbar.files import examiner
from dbar.files.superblock import SIGNATURE, missing_bytes
from dbar.files.unfinished import open_file
from dbar.store.columns import CHUNKS, ESTIMATES, MONITOR_FIELDS, QUANTITIES
from dbar.store.self_contained import refusal
from dbar.store.units import unit_of, unit_style
from dbar.version import __version__

__all__ = [
    "MONITOR_FIELDS",
    "NO_STEP",
    "SCHEMA",
    "StoreError",
    "committed",
    "create_layout",
    "damage",
    "kept_periodic",
    "open_for_reading",
    "read_json",
    "reason_of",
]

SCHEMA = 1  # version of parameters/dbar
NO_STEP = -1  # fill value of step: a row whose step was never written does not count
_PIECE = 1 << 20  # bytes of chunks of atoms that are written or read at once
_BLOCK = 1024  # a chunk of steps: of a whole file, one is read


class StoreError(RuntimeError):
    """A trajectory file cannot be read, written or continued; the message names file and reason."""


def open_for_reading(path: str | os.PathLike[str]) -> h5py.File:
    """Open an H5MD file for reading, also while it is written or after its writer was killed.

    Raises
    ------
    StoreError
        If the file is missing, not HDF5, truncated, or not one of ours.
    """
    path = Path(path)
    if not path.exists():
        raise StoreError(f"{path}: no such file")
    if path.is_dir():
        raise StoreError(f"{path}: is a folder, expected an H5MD file")
    if not path.is_file():  # to read a pipe may take for ever
        raise StoreError(f"{path}: not a regular file, expected an H5MD file")
    try:
        with path.open("rb") as raw:
            head = raw.read(len(SIGNATURE))
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
    if head != SIGNATURE:
        size = path.stat().st_size
        raise StoreError(f"{path}: not an HDF5 file ({size} bytes, expected the HDF5 signature)")
    if why := examiner.damage(path):
        raise StoreError(f"{path}: damaged: {why}; copy it again")
    try:
        file = open_file(path)
    except (OSError, RuntimeError) as error:
        raise damage(path, error) from None
    try:
        if why := refusal(file):
            raise StoreError(f"{path}: {why}")
        for name in ("h5md", "observables/dbar/D/value", "parameters/dbar/descriptor"):
            if name not in file:
                raise StoreError(f"{path}: holds no {name}, expected an H5MD file made by dbar")
        _check_schema(file, path)
    except StoreError:
        file.close()
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        file.close()
        raise damage(path, error) from None
    return file


def _check_schema(file: h5py.File, path: Path) -> None:
    schema = np.asarray(file["parameters/dbar"].attrs.get("schema", SCHEMA))
    if schema.shape or schema.dtype.kind not in "iu" or not 1 <= schema <= SCHEMA:
        raise StoreError(
            f"{path}: has schema {schema}, this version of dbar reads up to {SCHEMA}; "
            "a newer one may have written it"
        )


def damage(path: str | os.PathLike[str], error: BaseException) -> StoreError:
    """The error to raise when reading ``path`` has failed."""
    path = Path(path)
    short = missing_bytes(path) if path.is_file() else None
    reason = "{} of {} bytes".format(*short) if short else reason_of(error)
    return StoreError(f"{path}: truncated or corrupt ({reason})")


def reason_of(error: BaseException) -> str:
    """Return the innermost part of an HDF5 message, the only one that says anything."""
    text = " ".join(str(error).strip("'\"").split())
    system = re.search(r"error message = '([^']*)'", text)
    if system:
        return system[1]
    start, end = text.rfind("("), text.rfind(")")
    return text[start + 1 : end] if 0 <= start < end else text


def read_json(file: h5py.File, name: str) -> dict:
    """Return a JSON object stored as a string dataset, {} when it is absent."""
    if name not in file:
        return {}
    item = file[name]
    if not (isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype)) or item.shape:
        raise StoreError(f"{file.filename}: {name} is no text, expected a JSON object")
    try:
        found = json.loads(item.asstr()[()])
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{file.filename}: {name} is not JSON ({error})") from None
    if not isinstance(found, dict):
        what = f"a {type(found).__name__}"
        raise StoreError(f"{file.filename}: {name} holds {what}, expected a JSON object")
    return found


def committed(group: h5py.Group) -> int:
    """Number of complete rows of the time-dependent elements in ``group``.

    The writer extends ``step`` last, so the shortest dataset counts, less trailing rows whose
    ``step`` was never written.
    """
    length: int | None = None
    step = None

    def look(_name: str, item: object) -> None:
        nonlocal length, step
        if isinstance(item, h5py.Group) and isinstance(item.get("value"), h5py.Dataset):
            for part in ("value", "step", "time"):
                if part in item:
                    n = item[part].shape[0]
                    length = n if length is None else min(length, n)
            step = item["step"]

    group.visititems(look)
    if not length or step is None:
        return 0
    block = 1  # most often the last row is written
    while length:
        start = max(0, length - block)
        written = np.flatnonzero(step[start:length] != NO_STEP)
        if len(written):
            return start + int(written[-1]) + 1
        length, block = start, min(8 * block, _BLOCK)
    return 0


def kept_periodic(group: h5py.Group, rows: slice) -> np.ndarray:
    """(S, 3) bool: which cell vectors are periods in rows of ``particles/snapshots``."""
    if "box/periodic" in group:
        return group["box/periodic/value"][rows] != 0
    words = group["box"].attrs["boundary"]  # files of before say it once for all
    return np.tile([word == b"periodic" for word in words], (rows.stop - rows.start, 1))


def create_layout(
    file: h5py.File,
    *,
    size: int,
    virial: bool,
    observables: list[str],
    units: str,
    natoms: int,
    parameters: dict,
    monitor_config: dict | None,
    monitor_fields: tuple[str, ...] = tuple(MONITOR_FIELDS),
    boundary: list[str] | None = None,
    estimated: list[str] = (),
    chunks: int = 0,
) -> None:
    """Create every group, dataset and attribute of an empty file (nothing can be added in SWMR)."""
    for name in (*observables, *estimated):
        _refuse_name(name)
    names = unit_style(units)
    head = file.create_group("h5md")
    head.attrs["version"] = np.array([1, 1], dtype=np.int32)
    head.create_group("author").attrs["name"] = _author()
    creator = head.create_group("creator")
    creator.attrs["name"] = "dbar"
    creator.attrs["version"] = __version__
    if names["time"]:
        head.create_group("modules/units").attrs["version"] = np.array([1, 0], dtype=np.int32)

    root = file.create_group("observables")
    clock = _clock(root.create_group("dbar/D"), names["time"])
    rows = max(1, 16384 // (8 * size))
    _values(root["dbar/D"], (size,), rows=rows)
    if virial:
        _values(_element(root, "dbar/V", clock), (size, 6), rows=max(1, rows // 6))
    if chunks:
        _chunk_values(_element(root, f"{CHUNKS}/D", clock), (chunks, size))
    if chunks and virial:
        _chunk_values(_element(root, f"{CHUNKS}/V", clock), (chunks, size, 6))
    for name in monitor_fields:
        value = _values(_element(root, f"dbar/{name}", clock), (), *MONITOR_FIELDS[name])
        if name == "tau_pred" and names["time"]:
            value.attrs["unit"] = names["time"]
    for name in estimated:
        value = _values(_element(root, f"{ESTIMATES}/{name}", clock), (len(QUANTITIES),))
        value.attrs["quantities"] = " ".join(QUANTITIES)
        if unit_of(name, units):
            value.attrs["unit"] = unit_of(name, units)
    for name in observables:
        value = _values(_element(root, name, clock), ())
        if unit_of(name, units):
            value.attrs["unit"] = unit_of(name, units)

    _create_particles(file, names, natoms, boundary or ["periodic"] * 3)

    box = file.create_group("parameters/dbar")
    box.attrs["schema"] = SCHEMA
    text = h5py.string_dtype()
    box.create_dataset("descriptor", data=json.dumps(parameters, sort_keys=True), dtype=text)
    monitor = box.create_group("monitor")
    config = json.dumps(monitor_config or {}, sort_keys=True)
    monitor.create_dataset("config", data=config, dtype=text)
    for slot in ("slot0", "slot1"):
        monitor.create_dataset(slot, (0,), "u1", maxshape=(None,), chunks=(65536,))


def _refuse_name(name: str) -> None:
    """A name is that of a group beside those of dbar, and no path."""
    if not name or name in (".", "..", "dbar") or "/" in name or "\0" in name:
        raise ValueError(
            f"observable {name!r}: cannot be stored under that name, expected one without '/' that "
            "is not 'dbar', '.' or '..'"
        )


def _create_particles(
    file: h5py.File, names: dict[str, str], natoms: int, boundary: list[str]
) -> None:
    group = file.create_group("particles/snapshots")
    clock = _clock(group.create_group("position"), names["time"])
    chunk = (1, max(1, min(natoms, 16384)))
    position = group["position"].create_dataset(
        "value",
        (0, natoms, 3),
        "f8",
        maxshape=(None, None, 3),
        chunks=(*chunk, 3),
        fillvalue=np.nan,
    )
    for name, dtype in (("id", "i8"), ("species", "i4")):
        # H5MD: the fill value of id marks places without a particle.
        _element(group, name, clock).create_dataset(
            "value", (0, natoms), dtype, maxshape=(None, None), chunks=chunk, fillvalue=0
        )
    box = group.create_group("box")
    box.attrs["dimension"] = 3
    box.attrs["boundary"] = np.array([word.encode() for word in boundary])
    edges = _values(_element(box, "edges", clock), (3, 3), rows=64)
    origin = _values(_element(box, "origin", clock), (3,), rows=64)
    # H5MD has one boundary for all frames, in the attribute: that of the start
    _values(_element(box, "periodic", clock), (3,), "i1", 0, rows=64)
    if names["length"]:
        for value in (position, edges, origin):
            value.attrs["unit"] = names["length"]


def _element(root: h5py.Group, name: str, clock: tuple[h5py.Dataset, h5py.Dataset]) -> h5py.Group:
    group = root.create_group(name)
    group["step"], group["time"] = clock
    return group


def _clock(group: h5py.Group, time_unit: str) -> tuple[h5py.Dataset, h5py.Dataset]:
    step = group.create_dataset(
        "step", (0,), "i8", maxshape=(None,), chunks=(1024,), fillvalue=NO_STEP
    )
    time = group.create_dataset(
        "time", (0,), "f8", maxshape=(None,), chunks=(1024,), fillvalue=np.nan
    )
    if time_unit:
        time.attrs["unit"] = time_unit
    return step, time


def _values(
    group: h5py.Group,
    shape: tuple[int, ...],
    dtype: str = "f8",
    fill: float = np.nan,
    rows: int = 1024,
) -> h5py.Dataset:
    return group.create_dataset(
        "value",
        (0, *shape),
        dtype,
        maxshape=(None, *shape),
        chunks=(rows, *shape),
        fillvalue=fill,
    )


def _chunk_values(group: h5py.Group, shape: tuple[int, ...]) -> h5py.Dataset:
    """Values of every chunk of atoms. One snapshot of them may be more than is read at once."""
    per_chunk = 8 * int(np.prod(shape[1:]))
    pieces = min(shape[0], max(1, _PIECE // per_chunk))
    rows = max(1, 16384 // (per_chunk * shape[0]))
    return group.create_dataset(
        "value",
        (0, *shape),
        "f8",
        maxshape=(None, *shape),
        chunks=(rows, pieces, *shape[1:]),
        fillvalue=np.nan,
    )


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user name
        return "unknown"
