"""Several runs of the same system, checked to be comparable before anything is learnt from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.store.units import unit_style
from dbar.trajectory.comparable import (
    LEAST,
    RunError,
    checked,
    refuse_same,
    refuse_twice,
    same,
    unchanging,
)
from dbar.trajectory.trajectory import Trajectory, read

__all__ = ["RunSet", "read_runs"]


@dataclass
class RunSet:
    """Comparable runs.

    Attributes
    ----------
    names : list of str
        File of each run.
    runs : list of Trajectory
    dtau : float
        Time between snapshots, LAMMPS time units.
    notes : list of str
        What a reader has to know about these data.
    """

    names: list[str]
    runs: list[Trajectory]
    dtau: float
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def D(self) -> list[np.ndarray]:
        """Descriptors (T, K+1) of each run."""
        return [run.D for run in self.runs]

    @property
    def virials(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
        """V (T, K+1, 3, 3), volume (T,) and pressures (T, 6) of each run, whoever asked for them.

        None if a run lacks one of them, or did not compute it at every snapshot.
        """
        needed = ("vol", *STRESS)
        for run in self.runs:
            if run.V is None or any(name not in run.observables for name in needed):
                return None
            if not all(np.isfinite(run.observables[name]).all() for name in needed):
                return None
        tensors = self.values(STRESS)
        return [(r.V, r.observables["vol"], p) for r, p in zip(self.runs, tensors, strict=True)]

    @property
    def units(self) -> str:
        """LAMMPS unit style."""
        return self.runs[0].units

    @property
    def time_unit(self) -> str:
        """Unit of time, "" in reduced units."""
        return unit_style(self.units)["time"]

    @property
    def descriptor(self) -> dict:
        """Settings of the compute that made D."""
        return self.runs[0].parameters.get("descriptor", {})

    def between(self, first: float | None, last: float | None) -> RunSet:
        """The snapshots with first <= time <= last of every run.

        Raises
        ------
        RunError
            If a run keeps too few snapshots.
        """
        if first is None and last is None:
            return self
        pairs = zip(self.names, self.runs, strict=True)
        return replace(self, runs=[_between(name, run, first, last) for name, run in pairs])

    def observables(self, wanted: Sequence[str] | None = None) -> list[str]:
        """Names of observables, those asked for or all that every run stores; constants left out.

        Raises
        ------
        RunError
            If a run lacks one that was asked for, or holds a value that is not finite.
        """
        common = [n for n in self.runs[0].observables if all(n in r.observables for r in self.runs)]
        if wanted is not None:
            for name, run in zip(self.names, self.runs, strict=True):
                for word in wanted:
                    if word not in run.observables:
                        have = ", ".join(run.observables) or "none"
                        raise RunError(
                            f"{name}: stores no observable {word!r} (it has: {have}); name it in "
                            "the keyword `thermo` of fix dbar/stream"
                        )
        found = []
        for word in common if wanted is None else wanted:
            if self._seldom(word, wanted is not None):
                continue
            for name, run in zip(self.names, self.runs, strict=True):
                bad = np.flatnonzero(~np.isfinite(run.observables[word]))
                if len(bad):
                    raise RunError(
                        f"{name}: observable {word} is {run.observables[word][bad[0]]} at snapshot "
                        f"{bad[0]}, expected a finite number"
                    )
            columns = [run.observables[word] for run in self.runs]
            if any(np.ptp(column) > 1e-12 * np.abs(column).max() for column in columns):
                found.append(word)
            elif f"observable {word} " not in " ".join(self.notes):
                self.notes.append(f"observable {word} does not change in any run: left out")
        return found

    def _seldom(self, word: str, asked: bool) -> bool:
        """Whether a run computed an observable now and then only; an error if it was asked for."""
        for name, run in zip(self.names, self.runs, strict=True):
            seldom = run.parameters.get("seldom") or {}
            if word in seldom.get("names", []):
                what = f"observable {word} was computed at every {seldom['every']}th snapshot only"
                if asked:
                    raise RunError(
                        f"{name}: {what}, expected one of all snapshots (keyword thermo)"
                    )
                if what not in " ".join(self.notes):
                    self.notes.append(f"{what}: left out")
                return True
        return False

    def values(self, names: Sequence[str]) -> list[np.ndarray]:
        """Observables (T, q) of each run."""
        return [
            np.column_stack([run.observables[n] for n in names])
            if names
            else np.empty((len(run), 0))
            for run in self.runs
        ]


def _between(name: str, run: Trajectory, first: float | None, last: float | None) -> Trajectory:
    if not len(run) or (first is None and last is None):
        return run
    low = -np.inf if first is None else first
    high = np.inf if last is None else last
    # times are sums of timesteps: 12.000000001 is 12
    slack = 1e-9 * max(1.0, float(np.abs(run.time).max()))
    keep = (run.time >= low - slack) & (run.time <= high + slack)
    if keep.sum() < LEAST:
        raise RunError(
            f"{name}: {int(keep.sum())} snapshots from {low:g} to {high:g} "
            f"{unit_style(run.units)['time'] or 'time units'}, at least {LEAST} are needed "
            f"(it covers {run.time[0]:g} to {run.time[-1]:g})"
        )
    chunks = run.chunks
    if chunks is not None:
        first_row, last_row = np.flatnonzero(keep)[[0, -1]]
        chunks = chunks.between(first_row, last_row + 1, int(run.step[last_row]))
    return Trajectory(
        D=run.D[keep],
        V=None if run.V is None else run.V[keep],
        time=run.time[keep],
        step=run.step[keep],
        observables={k: v[keep] for k, v in run.observables.items()},
        parameters=run.parameters,
        chunks=chunks,
    )


def read_runs(
    paths: Sequence[str | os.PathLike[str]],
    first: float | None = None,
    last: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunSet:
    """Read H5MD files and check that they can be learnt from together.

    Kept positions are not read: together those of many runs may be more than the memory.

    Parameters
    ----------
    paths : sequence of path-like
    first, last : float, optional
        Use only snapshots with first <= time <= last.
    progress : callable, optional
        Called with (files read, files).

    Returns
    -------
    RunSet

    Raises
    ------
    StoreError
        If a file cannot be read.
    RunError
        If a file is given twice, has too few snapshots, values that are not finite or unequal
        steps of time, or if files differ in descriptor, units or sampling interval.
    """
    names = [os.fspath(path) for path in paths]
    refuse_twice(names)
    runs = []
    for k, name in enumerate(names):
        runs.append(_between(name, read(name, positions=False), first, last))
        if progress:
            progress(k + 1, len(names))
    steps = [checked(name, run) for name, run in zip(names, runs, strict=True)]
    for name, run, dtau in zip(names[1:], runs[1:], steps[1:], strict=True):
        same(names[0], runs[0], steps[0], name, run, dtau)
    refuse_same(names, runs)
    out = RunSet(names, runs, steps[0])
    size, still = runs[0].D.shape[1] - 1, unchanging(runs)
    if len(still) == size:
        raise RunError(f"{names[0]}: none of the {len(still)} descriptors ever changes")
    if len(still):
        which = ", ".join(str(k + 1) for k in still[:8]) + (", ..." if len(still) > 8 else "")
        out.notes.append(
            f"{len(still)} of {size} descriptors never change (component {which}): "
            "they are left out"
        )
    return out
