"""Monitor and ensemble of a `dbar.stream.Session`, made from the settings of the fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dbar.online.config import MonitorConfig
from dbar.online.monitor import Monitor
from dbar.online.shared_learning import SharedLearning
from dbar.online.shared_settings import statistics_settings
from dbar.store.rows import Header

__all__ = ["open_monitor", "open_partners"]


def open_monitor(settings: dict) -> Monitor | None:
    """The monitor that the settings ask for, None for ``monitor none``.

    In an ensemble the world's number is added to the monitor's setting `replica`.

    Raises
    ------
    ValueError
        If its settings are wrong or contradict those of the fix, it needs V and there is none, or
        an ensemble has no monitor.
    """
    word = settings.get("monitor", "default")
    shared = settings.get("ensemble")
    names = ("persist", "reference")
    given = {name: settings[name] for name in names if settings.get(name) is not None}
    if word == "none":
        for name, value in given.items():
            raise ValueError(f"{name} {value} needs a monitor, but monitor is none")
        if shared:
            raise ValueError(f"ensemble {shared} needs a monitor, but monitor is none")
        return None
    monitor = Monitor(MonitorConfig.load(word, given), stride=int(settings["nfreq"]))
    if monitor.config.virial and not settings["virial"]:
        raise ValueError(
            f"monitor {word}: virial = true needs V, but the compute has virial no; add: virial yes"
        )
    if shared:
        number = monitor.config.replica + int(settings.get("replica") or 0)
        monitor.config = replace(monitor.config, replica=number)
    return monitor


def open_partners(
    settings: dict, monitor: Monitor | None, continued: bool, say: Callable[[str], None]
) -> SharedLearning | None:
    """Take the place of a run in its ensemble, None without one.

    Parameters
    ----------
    settings : dict
        ``ensemble``: None, "yes" (folder ``FIX-ID.ensemble`` beside the store) or a folder.
        ``replica``, ``replicas``: number of this world, and of all; ``began``: when LAMMPS was
        started, in seconds since 1970.
    continued : bool
        The run goes on with an earlier one.

    Raises
    ------
    StoreError
        If the folder cannot be used.
    """
    word = settings.get("ensemble")
    if not word or monitor is None:
        return None
    folder = Path(word)
    if word == "yes":
        folder = Path(settings.get("store") or ".").parent / f"{settings['fix_id']}.ensemble"
    number = monitor.config.replica
    return SharedLearning(
        folder,
        statistics_settings(Header.from_settings(settings, {}).parameters(), monitor.config),
        replica=number,
        first=number - int(settings.get("replica") or 0),
        replicas=int(settings.get("replicas") or 1),
        began=float(settings.get("began") or 0.0),
        continued=continued,
        wait=monitor.config.ensemble_wait,
        say=say,
    )
