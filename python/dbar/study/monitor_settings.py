"""Settings of the monitor that suit runs like those a model was fitted to, as a TOML file."""

from __future__ import annotations

import math
import os

import numpy as np

from dbar.files.atomic import check_writable, replacing
from dbar.files.kinds import MARKS, Kind
from dbar.online.config import MonitorConfig
from dbar.study.study import Study

__all__ = ["check_settings_file", "monitor_settings", "write_monitor_settings"]

_INSIDE = 0.95  # share of the snapshots of left-out runs that are to count as known


def monitor_settings(study: Study) -> dict[str, tuple[float, str]]:
    """Settings of `dbar.online.MonitorConfig` and why each has its value.

    Order, bags and seed are those of the model, so that ``model FILE learn`` can add to its
    statistics. M has mean 1 over left-out runs, but where runs differ much more than a twentieth of
    their snapshots lie above 2: `m_limit` is the value below which 95 % of them lie, at least 2.
    """
    model = study.model
    out: dict[str, tuple[float, str]] = {
        "order": (model.order, "lags, those of the model"),
        "latent_dim": (model.space_.dim, "largest latent dimension, that of the model"),
        "n_bags": (model.n_bags, "random subsets"),
        "coverage": (model.coverage, "share of the transitions in each"),
        "seed": (model.seed, "of the subsets"),
    }
    if study.checked.whole:
        tail = float(np.quantile(np.concatenate(study.checked.M), _INSIDE))
        limit = max(MonitorConfig().m_limit, math.ceil(100.0 * tail) / 100.0)
        share = f"{100 * _INSIDE:g} % of the snapshots of left-out runs lie below {tail:.2f}"
        out["m_limit"] = limit, share
    return out


def check_settings_file(path: str | os.PathLike[str]) -> None:
    """Raise unless `write_monitor_settings` may write a file: before the work, not after.

    Raises
    ------
    OSError
        If it cannot be written, or holds settings that somebody else wrote.
    """
    check_writable(path, Kind.MONITOR)


def write_monitor_settings(path: str | os.PathLike[str], study: Study, model: str) -> None:
    """Write `monitor_settings` for ``fix dbar/stream ... monitor FILE``.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    lines = [f"{MARKS[Kind.MONITOR]} {model}: fix ... dbar/stream ... model {model} monitor {path}"]
    for name, (value, why) in monitor_settings(study).items():
        lines.append(f"{name} = {value!r}  # {why}")
    with replacing(path, Kind.MONITOR) as part:
        part.write_text("\n".join(lines) + "\n")
