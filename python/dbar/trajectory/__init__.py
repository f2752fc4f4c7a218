"""Runs that were stored: one, many, and what happened in them."""

from dbar.descriptors.voigt import tensor_to_voigt, voigt_to_tensor
from dbar.store.h5md import StoreError
from dbar.trajectory.changes import Change, Regime, find_changes, find_regimes
from dbar.trajectory.chunks import Chunks
from dbar.trajectory.comparable import RunError
from dbar.trajectory.runset import RunSet, read_runs
from dbar.trajectory.summary import Summary, summarise
from dbar.trajectory.trajectory import Snapshots, Trajectory, read, write
from dbar.trajectory.verdict import Verdict, judge

__all__ = [
    "Change",
    "Chunks",
    "Regime",
    "RunError",
    "RunSet",
    "Snapshots",
    "StoreError",
    "Summary",
    "Trajectory",
    "Verdict",
    "find_changes",
    "find_regimes",
    "judge",
    "read",
    "read_runs",
    "summarise",
    "tensor_to_voigt",
    "voigt_to_tensor",
    "write",
]
