"""Which series of a run its report draws: what changed most, and the stress of what is pulled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from dbar.trajectory.changes import Change
from dbar.trajectory.movers import changed_most, in_words, shown
from dbar.trajectory.summary import strain_axis, stress
from dbar.trajectory.trajectory import Trajectory

__all__ = ["Shown", "pick_series"]

_SECOND = ("pe", "etotal", "temp", "press", "vol")  # to forecast beside the first


@dataclass
class Shown:
    """A series as it is drawn.

    Attributes
    ----------
    name, unit : str
    values : (T,) array
    stress : bool
        Whether it is the stress along the axis that is pulled.
    """

    name: str
    unit: str
    values: np.ndarray
    stress: bool = False


def pick_series(traj: Trajectory, changes: Sequence[Change]) -> list[Shown]:
    """One or two series, the one that changed most first.

    Without observables the first principal component of D stands for them.
    """
    pulled = strain_axis(traj)
    found = stress(traj) if pulled else None
    first = changed_most(traj, [change.movers for change in changes])
    out = []
    if first is not None and not (found and first == f"p{pulled[0]}{pulled[0]}"):
        out.append(_shown(traj, first))
    if found:
        name, values, unit = found
        out.append(Shown(f"{name} along {pulled[0]}", unit, values, stress=True))
    others = [*_SECOND, *traj.observables]
    for name in others:
        if len(out) == 2:
            break
        if name != first and name in traj.observables and np.ptp(traj.observables[name]) > 0:
            out.append(_shown(traj, name))
    return out or [Shown("first principal component of D", "its σ", _first_component(traj.D))]


def _shown(traj: Trajectory, name: str) -> Shown:
    values, unit = shown(traj, name)
    return Shown(in_words(name), unit, values)


def _first_component(D: np.ndarray) -> np.ndarray:
    x = D - D.mean(axis=0)
    scale = x.std(axis=0)
    x = x / np.where(scale > 0, scale, 1.0)
    with np.errstate(invalid="ignore"):  # D that never changes has no variance to share
        score = PCA(1, svd_solver="full").fit_transform(x)[:, 0]
    return score / (score.std() or 1.0)
