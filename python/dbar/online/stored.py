"""The monitor of a run's file, taken from its checkpoints or made anew from its settings."""

from __future__ import annotations

import h5py

from dbar.online.config import MonitorConfig
from dbar.online.monitor import Monitor
from dbar.store.checkpoint import Checkpoint, unpack

__all__ = ["StartUnknownError", "checkpoints", "has_monitor", "monitor_anew"]


class StartUnknownError(ValueError):
    """A monitor that began with a model cannot be made anew, for the file does not hold it."""


def has_monitor(config: dict) -> bool:
    """Whether stored settings are those of a monitor, not of a model alone (``monitor none``)."""
    return bool(set(config) - {"model"})


def checkpoints(file: h5py.File) -> list[Checkpoint]:
    """Checkpoints in an open store that this version's monitor reads, the older one first."""
    slots = file["parameters/dbar/monitor"]
    found = [unpack(slots[name][...]) for name in ("slot0", "slot1")]
    found = [c for c in found if c is not None and "ints" in c.arrays and Monitor.reads(c.arrays)]
    return sorted(found, key=lambda c: c.sequence)


def monitor_anew(config: dict, stride: int | None, found: list[Checkpoint]) -> Monitor:
    """Return the monitor as it was before the first snapshot of a run.

    Parameters
    ----------
    config : dict
        Settings as stored.
    stride : int or None
        Timesteps between snapshots.
    found : list of Checkpoint
        Of the same file. They hold the model, if the monitor began with one.

    Raises
    ------
    StartUnknownError
        If it began with a model and there is no checkpoint that holds it.
    ValueError
        If the settings are not those of a monitor of this version.
    """
    settings, start = MonitorConfig.of_store(config), None
    if "model" in config:
        for checkpoint in reversed(found):
            start = Monitor.from_state(settings, checkpoint.arrays).start
            if start is not None:
                break
        else:
            raise StartUnknownError(
                "the monitor began with a model, and the file has no checkpoint yet that holds it"
            )
    return Monitor(settings, stride=stride, start=start)
