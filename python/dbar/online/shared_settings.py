"""What statistics of different runs must have in common before they can be added."""

from __future__ import annotations

from dbar.online.config import MonitorConfig

__all__ = ["COMMON", "statistics_settings"]

_RUN = ("units", "size", "dt", "nevery", "nrepeat", "nfreq")
_MONITOR = ("order", "n_bags", "coverage", "seed", "virial")

COMMON = (*_RUN, *_MONITOR)  # beside the descriptor


def statistics_settings(parameters: dict, config: MonitorConfig) -> dict:
    """The settings to compare: ``schema``, ``descriptor``, and every name of `COMMON`.

    Parameters
    ----------
    parameters : dict
        Those of a store (`dbar.store.rows.Header.parameters`, `Trajectory.parameters`).
    config : MonitorConfig
    """
    run = {name: parameters.get(name) for name in ("schema", "descriptor", *_RUN)}
    return run | {name: getattr(config, name) for name in _MONITOR}
