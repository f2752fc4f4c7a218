"""Runs that were stored: one, many, and what happened in them."""

from dbar.trajectory.runset import RunError, RunSet, read_runs
from dbar.trajectory.summary import Summary, summarise
from dbar.trajectory.trajectory import (
    Snapshots,
    StoreError,
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
