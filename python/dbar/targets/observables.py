"""Observables of stored runs, a posteriori: what the estimators are trained to see in D̄."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.trajectory.trajectory import Trajectory

__all__ = [
    "STRESS",
    "after_yield",
    "match_snapshots",
    "observable",
    "potential_energy",
    "pressure",
    "stress",
    "volume",
]


def observable(run: Trajectory, name: str) -> np.ndarray:
    """Thermodynamic output of a run by its LAMMPS name, (T,).

    Parameters
    ----------
    run : Trajectory
    name : str
        For example "pe", "press", "lx".

    Raises
    ------
    KeyError
        If the run does not have it; the message says how to store it.
    ValueError
        If a value is not finite.
    """
    try:
        values = np.asarray(run.observables[name], dtype=float)
    except KeyError:
        have = ", ".join(sorted(run.observables)) or "none"
        raise KeyError(
            f"the run stores no {name!r} (it has: {have}); name it in the `thermo` keyword of "
            "fix dbar/stream"
        ) from None
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ValueError(f"{name} is {values[bad[0]]} at snapshot {bad[0]}, expected numbers")
    return values


def potential_energy(run: Trajectory) -> np.ndarray:
    """Potential energy of the whole system (T,), LAMMPS energy units."""
    return observable(run, "pe")


def pressure(run: Trajectory) -> np.ndarray:
    """Pressure (T,), LAMMPS pressure units."""
    return observable(run, "press")


def stress(run: Trajectory) -> np.ndarray:
    """Stress (T, 6) in LAMMPS pressure units, order xx yy zz xy xz yz, tension positive.

    Minus LAMMPS's pressure tensor, with its kinetic part.
    """
    return -np.column_stack([observable(run, name) for name in STRESS])


def volume(run: Trajectory) -> np.ndarray:
    """Volume (T,) from "vol", or from the box lengths (tilt does not change it)."""
    if "vol" in run.observables:
        return observable(run, "vol")
    return np.prod([observable(run, name) for name in ("lx", "ly", "lz")], axis=0)


def after_yield(sigma, smooth: int = 1) -> np.ndarray:
    """Whether each snapshot comes after the peak of the stress, (T,) of bool.

    Parameters
    ----------
    sigma : ndarray, shape (T,)
        Stress along the load, tension positive.
    smooth : int
        Snapshots of a centred running mean before the peak is sought.

    Raises
    ------
    ValueError
        If the largest value is the first or last one: the run has no peak.
    """
    sigma = np.asarray(sigma, dtype=float)
    if sigma.ndim != 1 or len(sigma) < 3 or not 1 <= smooth <= len(sigma):
        raise ValueError(
            f"stress has shape {sigma.shape} and smooth is {smooth}; expected (T,) with T >= 3 "
            "and 1 <= smooth <= T"
        )
    half = smooth // 2
    padded = np.pad(sigma, (half, smooth - 1 - half), mode="edge")
    mean = np.convolve(padded, np.full(smooth, 1.0 / smooth), mode="valid")
    peak = int(np.argmax(mean))
    if peak in (0, len(sigma) - 1):
        raise ValueError(f"the largest stress is at snapshot {peak} of {len(sigma)}: no peak")
    return np.arange(len(sigma)) > peak


def match_snapshots(run: Trajectory) -> np.ndarray:
    """Rows of D that belong to the kept positions, (S,).

    Raises
    ------
    ValueError
        If the run kept no positions, or positions at a step that D does not have.
    """
    if run.snapshots is None or len(run.snapshots) == 0:
        raise ValueError(
            "the run kept no positions; ask fix dbar/stream for `snapshot every M` or "
            "`snapshot adaptive FRACTION`"
        )
    rows = {int(step): row for row, step in enumerate(run.step)}
    missing = [int(step) for step in run.snapshots.step if int(step) not in rows]
    if missing:
        raise ValueError(f"positions were kept at step {missing[0]}, which D does not have")
    return np.array([rows[int(step)] for step in run.snapshots.step])
