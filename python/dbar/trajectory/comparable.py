"""Whether runs can be learnt from together, each looked at once."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np

from dbar.store.units import unit_style
from dbar.trajectory.trajectory import Trajectory

__all__ = [
    "LEAST", "RunError", "checked", "refuse_descriptor", "refuse_same", "refuse_twice", "same",
    "unchanging",
]  # fmt: skip

LEAST = 12  # snapshots: below that not even one lag and a left-out third make sense


class RunError(ValueError):
    """Runs that cannot be used, alone or together; the message names file, value and need."""


def refuse_twice(names: list[str]) -> None:
    """Raise `RunError` where two names are of one file."""
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


def refuse_same(names: list[str], runs: list[Trajectory]) -> None:
    """Raise `RunError` where two runs hold the same snapshots, without comparing all pairs."""
    seen: dict[bytes, int] = {}
    for k, run in enumerate(runs):
        # + 0.0: what is equal has the same bytes, -0.0 and 0.0 as well
        digest = blake2b(np.ascontiguousarray(run.D + 0.0)).digest()
        first = seen.setdefault(digest, k)
        if first != k:
            raise RunError(
                f"{names[k]}: holds the same snapshots as {names[first]}; expected each run once"
            )


def unchanging(runs: list[Trajectory]) -> np.ndarray:
    """Descriptors per atom that are the same in all snapshots of all runs, one run at a time."""
    low, high = np.inf, -np.inf
    for run in runs:
        part = run.D[:, 1:] / run.D[:, :1]
        low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
    return np.flatnonzero(high - low <= 1e-12 * np.maximum(np.abs(low), np.abs(high)))


def checked(name: str, run: Trajectory) -> float:
    """Time between snapshots; `RunError` for a run that nothing can be learnt from."""
    if len(run) < LEAST:
        raise RunError(f"{name}: {len(run)} snapshots, at least {LEAST} are needed")
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


def same(first: str, one: Trajectory, dtau: float, name: str, two: Trajectory, other: float):
    """Raise `RunError` where two runs, with their times between snapshots, cannot be compared."""
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
