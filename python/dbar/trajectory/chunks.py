"""D and V of chunks of atoms: of each snapshot as much as all of a run without them, and more."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import sleep
from typing import TypeVar

import h5py
import numpy as np

from dbar.descriptors.voigt import voigt_to_tensor
from dbar.files.superblock import is_marked
from dbar.store import h5md
from dbar.store.columns import CHUNKS
from dbar.store.h5md import StoreError

__all__ = ["Chunks", "StoredRows", "read_chunks", "reading"]

_ATTEMPTS = 5
_BLOCK = 1 << 26  # bytes of a block of snapshots
Read = TypeVar("Read")


def reading(path: str | os.PathLike[str], look: Callable[[h5py.File], Read]) -> Read:
    """What `look` reads of an open store, which a run may be writing.

    Raises
    ------
    StoreError
        If the file is missing, not ours, truncated or corrupt; the message names file and reason.
    """
    # A read that crosses a write of the running simulation may fail once, not again and again.
    for attempt in range(_ATTEMPTS):
        try:
            with h5md.open_for_reading(path) as file:
                return look(file)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
            last = attempt == _ATTEMPTS - 1
            if last or not os.path.isfile(path) or not is_marked(path):
                if isinstance(error, StoreError):
                    raise
                raise h5md.damage(path, error) from None
        sleep(0.05)
    raise AssertionError("unreachable")


class StoredRows:
    """Rows of a dataset of a store, of which nothing is in memory: read when it is indexed.

    ``rows[10:20]``, ``rows[:, 5]`` or ``numpy.asarray(rows)`` are arrays of float; along the first
    two axes, integers and slices with positive steps are read alone.

    Attributes
    ----------
    shape : tuple of int
        (T, n, ...)
    """

    dtype = np.dtype(float)

    def __init__(
        self,
        path: str | os.PathLike[str],
        name: str,
        shape: tuple[int, ...],
        start: int,
        last_step: int | None,
        tensor: bool = False,
    ) -> None:
        self.path, self.name, self.shape = os.fspath(path), name, shape
        self._start, self._last_step, self._tensor = start, last_step, tensor

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or float, copy=False)

    def __getitem__(self, key: object) -> np.ndarray:
        key = key if isinstance(key, tuple) else (key,)
        pair = (*key[:2], *[slice(None)] * (2 - len(key)))
        taken = [_range(k, n) for k, n in zip(pair, self.shape[:2], strict=True)]
        found = reading(self.path, lambda file: self._look(file, taken))
        for axis in (1, 0):
            if not isinstance(pair[axis], slice):
                found = found[(slice(None),) * axis + (0,)]
        rest = key[2:]
        kept = sum(isinstance(k, slice) for k in pair)
        return found[(*[slice(None)] * kept, *rest)] if rest else found

    def _look(self, file: h5py.File, taken: list[range]) -> np.ndarray:
        steps, end = file["observables/dbar/D/step"], self._start + len(self)
        if len(self) and (len(steps) < end or int(steps[end - 1]) != self._last_step):
            raise StoreError(
                f"{self.path}: snapshot {end} is no longer that of step {self._last_step}: a run "
                "has begun or continued the file since it was read; read it again"
            )
        first, second = (slice(r.start, r.stop, r.step) for r in taken)
        if not len(taken[0]) or not len(taken[1]):
            return np.zeros((len(taken[0]), len(taken[1]), *self.shape[2:]))
        first = slice(first.start + self._start, first.stop + self._start, first.step)
        found = file[self.name][first, second]
        return voigt_to_tensor(found) if self._tensor else found

    def part(self, start: int, stop: int, last_step: int | None) -> StoredRows:
        """The rows of snapshots `start` to `stop`, the last of which has this timestep."""
        shape = (stop - start, *self.shape[1:])
        begin = self._start + start
        return StoredRows(self.path, self.name, shape, begin, last_step, self._tensor)


def _range(key: object, length: int) -> range:
    if isinstance(key, slice):
        found = range(length)[key]
        if found.step < 1:
            raise IndexError(f"step {found.step} of stored chunks, expected one above 0")
        return found
    if isinstance(key, bool) or not isinstance(key, int | np.integer):
        raise IndexError(
            f"found {type(key).__name__} as an index of stored chunks, expected integers or slices "
            "along the first two axes; numpy.asarray gives all of them as an array"
        )
    place = range(length)[key]
    return range(place, place + 1)


@dataclass
class Chunks:
    """D and V of chunks of atoms of a run.

    Attributes
    ----------
    D : (T, n, K+1) array or StoredRows
        Sums of each chunk; component 0 is its number of atoms, 0 where it has none. What a file
        holds is not in memory: it is read when it is indexed.
    V : (T, n, K+1, 3, 3) array or StoredRows, or None
    grid : tuple of three int, or None
        Bins along each axis of the box, where the run said so: chunk k is voxel
        ``numpy.unravel_index(k, grid)``.
    record : dict
        ``id, style, count`` and perhaps ``grid``, as the store has them.
    """

    D: np.ndarray | StoredRows
    V: np.ndarray | StoredRows | None = None
    grid: tuple[int, int, int] | None = None
    record: dict | None = None

    def __post_init__(self) -> None:
        if self.D.ndim != 3:
            raise ValueError(f"D of chunks has shape {self.D.shape}, expected (T, n, K+1)")
        if self.V is not None and self.V.shape != (*self.D.shape, 3, 3):
            expected = (*self.D.shape, 3, 3)
            raise ValueError(f"V of chunks has shape {self.V.shape}, expected {expected}")
        if self.grid is not None and int(np.prod(self.grid)) != self.count:
            found = " x ".join(str(k) for k in self.grid)
            raise ValueError(
                f"grid {found} of {self.count} chunks, expected as many bins as chunks"
            )
        if self.record is None:
            self.record = {"id": "", "style": "", "count": self.count}
            self.record |= {} if self.grid is None else {"grid": [int(k) for k in self.grid]}

    def __len__(self) -> int:
        return self.D.shape[0]

    @property
    def count(self) -> int:
        """Number of chunks."""
        return self.D.shape[1]

    def blocks(self) -> list[slice]:
        """Slices of snapshots, each small enough to be read at once."""
        each = max(1, _BLOCK // max(1, 8 * self.count * self.D.shape[2]))
        return [slice(k, min(k + each, len(self))) for k in range(0, len(self), each)]

    def between(self, start: int, stop: int, last_step: int | None = None) -> Chunks:
        """The snapshots `start` to `stop`, of which the last has this timestep."""

        def part(rows: np.ndarray | StoredRows | None) -> np.ndarray | StoredRows | None:
            if isinstance(rows, StoredRows):
                return rows.part(start, stop, last_step)
            return None if rows is None else rows[start:stop]

        return replace(self, D=part(self.D), V=part(self.V))


def read_chunks(
    file: h5py.File, path: str | os.PathLike[str], rows: slice, record: dict | None
) -> Chunks | None:
    """Chunks of the snapshots `rows` of an open store, not yet in memory; None without chunks.

    Raises
    ------
    StoreError
        If the file has another number of chunks, or another D of them, than it says.
    """
    group = file["observables"].get(CHUNKS)
    if group is None or not record:
        return None
    last = int(file["observables/dbar/D/step"][rows.stop - 1]) if rows.stop > rows.start else None
    size = file["observables/dbar/D/value"].shape[1:]
    made = {}
    for name in group:
        found, tensor = group[name]["value"], name == "V"
        expected = (int(record["count"]), *size, *((6,) if tensor else ()))
        if found.shape[1:] != expected:
            raise StoreError(
                f"{path}: {found.name} has shape {found.shape[1:]} for a snapshot, expected "
                f"{expected}"
            )
        shape = (rows.stop - rows.start, *expected[:2], *((3, 3) if tensor else ()))
        made[name] = StoredRows(path, found.name, shape, rows.start, last, tensor)
    grid = record.get("grid")
    return Chunks(**made, grid=None if grid is None else tuple(grid), record=record)
