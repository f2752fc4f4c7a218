"""What statistics of different runs must have in common before they can be added."""

from __future__ import annotations

from dbar.online.config import MonitorConfig

__all__ = ["COMMON", "SHARED", "statistics_settings"]

_RUN = ("units", "size", "dt", "nevery", "nrepeat", "nfreq")
_MONITOR = ("order", "n_bags", "coverage", "seed", "virial")

COMMON = (*_RUN, *_MONITOR)  # beside the descriptor
SHARED = (*COMMON, "model", "observe", "thermo")  # of replicas that exchange what they learn


def statistics_settings(parameters: dict, config: MonitorConfig, more: dict | None = None) -> dict:
    """The settings to compare: ``schema``, ``descriptor``, and every name of `COMMON`.

    Parameters
    ----------
    parameters : dict
        Those of a store (`dbar.store.rows.Header.parameters`, `Trajectory.parameters`).
    config : MonitorConfig
    more : dict, optional
        Those of `SHARED` that are not among `COMMON`; None where they are not given.
    """
    rest = {name: (more or {}).get(name) for name in SHARED if name not in COMMON}
    run = {name: parameters.get(name) for name in ("schema", "descriptor", *_RUN)}
    return run | {name: getattr(config, name) for name in _MONITOR} | rest
