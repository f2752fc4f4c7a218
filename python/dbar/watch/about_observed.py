"""What is shown of the observables that a run estimates and forecasts."""

from __future__ import annotations

import math

import numpy as np

from dbar.online.stored import has_monitor
from dbar.statistics.ranks import NORMAL
from dbar.status.words import clean, mean_and_std
from dbar.store.units import unit_of, unit_style
from dbar.stream.ahead import ahead_of
from dbar.trajectory.trajectory import Trajectory

__all__ = ["about_observed"]

_POINTS = 400  # points of a curve sent to the page


def about_observed(run: Trajectory, curves: bool) -> list[dict]:
    """Return an entry for each observable, with what is known at the newest snapshot.

    Parameters
    ----------
    run : Trajectory
        With at least one snapshot.
    curves : bool
        Also the values over time, thinned.
    """
    reach = ahead_of(run.parameters)
    return [_about(run, name, reach and reach[1], curves) for name in run.estimates]


def _about(run: Trajectory, name: str, ahead: float | None, curves: bool) -> dict:
    table, unit = np.asarray(run.estimates[name], float), unit_of(name, run.units)
    values = np.asarray(run.observables.get(name, np.full(len(run), np.nan)), float)
    known = np.flatnonzero(np.isfinite(values))
    mean, std, later, half = (float(v) if math.isfinite(v) else None for v in table[-1])
    if ahead is None:
        later = half = None
    out = {
        "name": clean(name),
        "unit": unit,
        "computed": float(values[known[-1]]) if len(known) else None,
        "computed_time": float(run.time[known[-1]]) if len(known) else None,
        "estimate": mean,
        "half_width": None if std is None else NORMAL * std,
        "ahead": ahead,
        "forecast": later,
        "forecast_half_width": half,
    }
    out["words"] = _words(run, out)
    if curves:
        out["curves"] = _curves(run, table, values, ahead)
    return out


def _words(run: Trajectory, one: dict) -> dict[str, str]:
    """The numbers with their units as a terminal and the page show them."""
    clock = unit_style(run.units)["time"]

    def with_unit(text: str) -> str:
        return f"{text} {one['unit']}".rstrip()

    def with_band(mean: float, half: float | None) -> str:
        text = with_unit(mean_and_std(mean, half))
        return text if half is not None else f"{text}, no band yet"

    computed = "not computed"
    if one["computed"] is not None:
        computed = with_unit(f"{one['computed']:.6g}")
        if one["computed_time"] != run.time[-1]:
            computed += f" at {one['computed_time']:.4g} {clock}".rstrip()
    words = {"computed": computed, "estimate": "learning", "forecast": "learning"}
    if one["estimate"] is not None:
        words["estimate"] = with_band(one["estimate"], one["half_width"])
    if one["forecast"] is not None:
        words["forecast"] = with_band(one["forecast"], one["forecast_half_width"])
    elif not has_monitor(run.monitor_config):
        words["forecast"] = "no monitor"
    words["ahead"] = "ahead"
    if one["ahead"] is not None:
        words["ahead"] = f"in {one['ahead']:.4g} {clock}".rstrip()
    return words


def _curves(run: Trajectory, table: np.ndarray, values: np.ndarray, ahead: float | None) -> dict:
    """Rows that are known, and of the forecasts those whose time has not come; bands may be NaN."""

    def some(good: np.ndarray) -> np.ndarray:
        rows = np.flatnonzero(good)
        return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _POINTS)).astype(int))]

    estimated = some(np.isfinite(table[:, 0]))
    computed = some(np.isfinite(values))
    out = {
        "estimate": {
            "time": run.time[estimated].tolist(),
            "mean": table[estimated, 0].tolist(),
            "half_width": (NORMAL * table[estimated, 1]).tolist(),
        },
        "computed": {"time": run.time[computed].tolist(), "value": values[computed].tolist()},
        "forecast": {"time": [], "mean": [], "half_width": []},
    }
    if ahead is not None:
        due = run.time + ahead
        open_ones = some((due > run.time[-1]) & np.isfinite(table[:, 2]))
        out["forecast"] = {
            "time": due[open_ones].tolist(),
            "mean": table[open_ones, 2].tolist(),
            "half_width": table[open_ones, 3].tolist(),
        }
    return out
