"""Monitor and ensemble of a `dbar.stream.Session`, made from the settings of the fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbar.online.config import MonitorConfig
from dbar.online.monitor import Monitor
from dbar.online.shared_learning import SharedLearning
from dbar.online.shared_settings import statistics_settings
from dbar.statistics.moment_size import refuse_too_large
from dbar.store.rows import Header

if TYPE_CHECKING:
    from dbar.stream.session_model import Given

__all__ = ["open_monitor", "open_partners"]


def open_monitor(settings: dict, brought: Given | None = None) -> Monitor | None:
    """The monitor that the settings ask for, None for ``monitor none``.

    In an ensemble the world's number is added to the monitor's setting `replica`. With a model
    that was brought the monitor begins with it, and has its settings.

    Raises
    ------
    ValueError
        If its settings are wrong or contradict those of the fix or of the model, it needs V and
        there is none, its statistics would be too large, or an ensemble has no monitor.
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
    config, start = MonitorConfig.load(word, given), None
    if brought is not None:
        from dbar.study.suits import start_of  # with all that makes models, as few runs need

        config = _config_of(brought, word, given, config.reference, shared)
        dimension, learn = config.latent_dim, brought.learn
        start = start_of(brought.model, dimension, learn)
    monitor = Monitor(config, stride=int(settings["nfreq"]), start=start)
    if monitor.config.virial and not settings["virial"]:
        raise ValueError(
            f"monitor {word}: virial = true needs V, but the compute has virial no; add: virial yes"
        )
    size = int(settings["size"]) - 1
    what = f" (K = {size} with virial = true)" if config.virial else ""
    refuse_too_large(size * (7 if config.virial else 1), config.order, config.n_bags, what)
    if shared:
        number = monitor.config.replica + int(settings.get("replica") or 0)
        monitor.config = replace(monitor.config, replica=number)
    return monitor


def _config_of(
    brought: Given, word: str, given: dict, reference: int, shared: str | None
) -> MonitorConfig:
    """Settings with those of a model, where the file of settings does not say otherwise."""
    names = ("order", "n_bags", "coverage", "seed")
    model, where = brought.model, f"model {brought.path}"
    own = dict(zip(names, (model.order, model.n_bags, model.coverage, model.seed), strict=True))
    own["latent_dim"] = model.space_.dim
    if not brought.learn and reference:
        raise ValueError(
            f"reference {reference}: {where} is not refitted, so there is nothing to "
            "freeze; expected no reference, or the word learn"
        )
    said = MonitorConfig.stated(word)
    for name in names:
        if said.get(name, own[name]) != own[name]:
            raise ValueError(
                f"{where}: was made with {name} {own[name]}, but monitor setting {name} = "
                f"{said[name]!r} in {word}; expected the same, or no such setting"
            )
    if shared and not brought.learn:
        raise ValueError(
            f"ensemble {shared}: {where} is not learnt on, so there is nothing to share; expected "
            "the word learn"
        )
    if said.get("virial"):
        raise ValueError(f"{where}: judges by D alone, but monitor setting virial = true in {word}")
    return MonitorConfig.load({**own, **said}, given)


def open_partners(
    settings: dict, monitor: Monitor | None, continued: bool, say: Callable[[str], None],
    model: str | None = None,
) -> SharedLearning | None:  # fmt: skip
    """Take the place of a run in its ensemble, None without one.

    Parameters
    ----------
    settings : dict
        ``ensemble``: None, "yes" (folder ``FIX-ID.ensemble`` beside the store) or a folder.
        ``replica``, ``replicas``: number of this world, and of all; ``began``: when LAMMPS was
        started, in seconds since 1970. ``observe``, ``thermo``: replicas must have them in common.
    continued : bool
        The run goes on with an earlier one.
    model : str, optional
        Digest of the model file.

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
        statistics_settings(
            Header.from_settings(settings, {}).parameters(),
            monitor.config,
            {"model": model, **_observing(settings)},
        ),
        replica=number,
        first=number - int(settings.get("replica") or 0),
        replicas=int(settings.get("replicas") or 1),
        began=float(settings.get("began") or 0.0),
        continued=continued,
        wait=monitor.config.ensemble_wait,
        say=say,
    )


def _observing(settings: dict) -> dict:
    """What replicas that exchange estimators must have in common, nothing without any."""
    words = settings.get("observe") or []
    return {"observe": words, "thermo": list(settings.get("thermo") or [])} if words else {}
