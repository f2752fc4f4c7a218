"""Several runs of the same system, checked to be comparable before anything is learnt from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dbar.store.units import unit_style
from dbar.trajectory.trajectory import Trajectory, read

__all__ = ["RunError", "RunSet", "read_runs"]

_LEAST = 12  # snapshots: below that not even one lag and a left-out third make sense


class RunError(ValueError):
    """Runs that cannot be used, alone or together; the message names file, value and need."""


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
    def virials(self) -> list[tuple[np.ndarray, np.ndarray]] | None:
        """V (T, K+1, 3, 3) and volume (T,) of each run, None if a run lacks one of them."""
        if any(run.V is None or "vol" not in run.observables for run in self.runs):
            return None
        return [(run.V, run.observables["vol"]) for run in self.runs]

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
    if keep.sum() < _LEAST:
        raise RunError(
            f"{name}: {int(keep.sum())} snapshots from {low:g} to {high:g} "
            f"{unit_style(run.units)['time'] or 'time units'}, at least {_LEAST} are needed "
            f"(it covers {run.time[0]:g} to {run.time[-1]:g})"
        )
    return Trajectory(
        D=run.D[keep],
        V=None if run.V is None else run.V[keep],
        time=run.time[keep],
        step=run.step[keep],
        observables={k: v[keep] for k, v in run.observables.items()},
        parameters=run.parameters,
    )


def read_runs(
    paths: Sequence[str | os.PathLike[str]],
    first: float | None = None,
    last: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunSet:
    """Read H5MD files and check that they can be learnt from together.

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
    _refuse_twice(names)
    runs = []
    for k, name in enumerate(names):
        runs.append(_between(name, read(name), first, last))
        if progress:
            progress(k + 1, len(names))
    steps = [_checked(name, run) for name, run in zip(names, runs, strict=True)]
    for name, run, dtau in zip(names[1:], runs[1:], steps[1:], strict=True):
        _same(names[0], runs[0], steps[0], name, run, dtau)
    for a in range(len(runs)):
        for b in range(a):
            if np.array_equal(runs[a].D, runs[b].D):
                raise RunError(
                    f"{names[a]}: holds the same snapshots as {names[b]}; expected each run once"
                )
    out = RunSet(names, runs, steps[0])
    joined = np.concatenate([run.D[:, 1:] / run.D[:, :1] for run in runs])
    still = np.flatnonzero(np.ptp(joined, axis=0) <= 1e-12 * np.abs(joined).max(axis=0))
    if len(still) == joined.shape[1]:
        raise RunError(f"{names[0]}: none of the {len(still)} descriptors ever changes")
    if len(still):
        which = ", ".join(str(k + 1) for k in still[:8]) + (", ..." if len(still) > 8 else "")
        out.notes.append(
            f"{len(still)} of {joined.shape[1]} descriptors never change (component {which}): "
            "they are left out"
        )
    return out


def _refuse_twice(names: list[str]) -> None:
    seen: dict[tuple, str] = {}
    for name in names:
        path = Path(name)
        if not path.exists():
            continue  # reading says so
        stat = path.stat()
        key = (stat.st_dev, stat.st_ino)
        if key in seen:
            same = "" if seen[key] == name else f" (the same file as {seen[key]})"
            raise RunError(f"{name}: given twice{same}; expected each run once")
        seen[key] = name


def _checked(name: str, run: Trajectory) -> float:
    if len(run) < _LEAST:
        raise RunError(f"{name}: {len(run)} snapshots, at least {_LEAST} are needed")
    if run.D.shape[1] < 2:
        raise RunError(f"{name}: D has 1 component, expected the atom count and descriptors")
    bad = np.argwhere(~np.isfinite(run.D))
    if len(bad):
        t, k = bad[0]
        raise RunError(f"{name}: D is {run.D[t, k]} at snapshot {t}, component {k}")
    if not (run.D[:, 0] > 0).all():
        t = int(np.argmin(run.D[:, 0] > 0))
        raise RunError(f"{name}: {run.D[t, 0]:g} central atoms at snapshot {t}, expected 1 or more")
    return _interval(name, run)


def _interval(name: str, run: Trajectory) -> float:
    unit = unit_style(run.units)["time"] or "time units"
    gaps = np.diff(run.time)
    usual = float(np.median(gaps))
    if not np.isfinite(run.time).all() or usual <= 0:
        raise RunError(f"{name}: times do not rise, expected one after the other")
    odd = np.flatnonzero(np.abs(gaps - usual) > 1e-6 * usual + 1e-9 * np.abs(run.time[1:]))
    if len(odd):
        n = int(odd[0])
        raise RunError(
            f"{name}: snapshot {n + 1} comes {gaps[n]:g} {unit} after the one before, expected "
            f"{usual:g} {unit} everywhere; choose a range without the gap with --from and --until"
        )
    return float((run.time[-1] - run.time[0]) / (len(run) - 1))


def _same(first: str, one: Trajectory, dtau: float, name: str, two: Trajectory, other: float):
    if one.D.shape[1] != two.D.shape[1]:
        raise RunError(
            f"{name}: D has {two.D.shape[1]} components, expected {one.D.shape[1]} as in {first}"
        )
    if one.units != two.units:
        raise RunError(f"{name}: units {two.units}, expected {one.units} as in {first}")
    refuse_descriptor(name, two.parameters, one.parameters.get("descriptor", {}), f"in {first}")
    for word in ("masses", "nevery", "nrepeat"):
        has, expected = two.parameters.get(word), one.parameters.get(word)
        if has is not None and expected is not None and has != expected:
            raise RunError(f"{name}: {word} {has}, expected {expected} as in {first}")
    if abs(other - dtau) > 1e-6 * dtau:
        unit = unit_style(one.units)["time"] or "time units"
        raise RunError(
            f"{name}: a snapshot every {other:g} {unit}, expected every {dtau:g} {unit} as in "
            f"{first}"
        )


def refuse_descriptor(name: str, parameters: dict, expected: dict, where: str) -> None:
    """Raise `RunError` naming the first setting in which a run's descriptor differs."""
    found = parameters.get("descriptor", {})
    for key in sorted({*found, *expected}):
        if found.get(key) != expected.get(key):
            raise RunError(
                f"{name}: descriptor has {key} {found.get(key)!r}, expected "
                f"{expected.get(key)!r} as {where}"
            )
