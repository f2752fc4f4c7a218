"""Runs that were stored: one, many, and what happened in them."""

from dbar.store.h5md import StoreError
from dbar.trajectory.runset import RunError, RunSet, read_runs
from dbar.trajectory.summary import Summary, summarise
from dbar.trajectory.trajectory import (
    Snapshots,
    Trajectory,
    read,
    tensor_to_voigt,
    voigt_to_tensor,
    write,
)

__all__ = [
    "RunError",
    "RunSet",
    "Snapshots",
    "StoreError",
    "Summary",
    "Trajectory",
    "read",
    "read_runs",
    "summarise",
    "tensor_to_voigt",
    "voigt_to_tensor",
    "write",
]
