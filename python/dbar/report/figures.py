"""Figures of the report, as inline SVG. Needs no window system."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dbar.report.drawing import (
    BACKED,
    BLUE,
    ORANGE,
    SOFT,
    STATE_COLOURS,
    Drawing,
    label,
    mark,
    styled,
    thin,
    time_label,
    to_svg,
)
from dbar.report.forecast import Hindsight
from dbar.report.page import legend
from dbar.report.series import Shown
from dbar.store.units import unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.summary import STATES, Summary, smooth, strain_axis
from dbar.trajectory.trajectory import Trajectory

__all__ = [
    "figure_M",
    "figure_evidence",
    "figure_forecast",
    "figure_horizon",
    "figure_innovation",
    "figure_run",
    "figure_short_forecasts",
    "percent_axis",
    "state_legend",
]


@styled
def figure_run(
    traj: Trajectory, summary: Summary, shown: Shown, changes: Sequence[Change] = ()
) -> Markup:
    """SVG of one series along the run."""
    pulled = strain_axis(traj) if shown.stress else None
    drawing = Drawing(traj, 3.3, head=0.5 if pulled else 0.1)
    axes, values = drawing.main, shown.values
    drawing.line(values, color=BLUE, alpha=0.35 if pulled else 1.0)
    if pulled:
        drawing.line(smooth(values), color=BLUE, label="mean over 5 snapshots")
        if summary.peak_time is not None:
            _mark_peak(axes, summary, shown.unit)
        axes.set_ylim(top=values.max() + 0.18 * np.ptp(values))
        top = axes.secondary_xaxis("top", functions=percent_axis(traj.time, pulled[1]))
        top.set_xlabel(f"engineering strain along {pulled[0]} (%)")
        top.spines["top"].set_visible(False)
    axes.set_ylabel(label(shown.name, shown.unit))
    drawing.changes(changes)
    return drawing.svg(f"{shown.name} in time")


def percent_axis(time: np.ndarray, strain: np.ndarray) -> tuple[Callable, Callable]:
    """Per cent of a strain that grows evenly as a function of time, and the time of a per cent."""
    slope = 100 * (strain[-1] - strain[0]) / (time[-1] - time[0])
    first, begin = 100 * strain[0], time[0]
    return lambda t: first + slope * (t - begin), lambda e: begin + (e - first) / slope


def _mark_peak(axes: Axes, summary: Summary, unit: str) -> None:
    axes.plot(summary.peak_time, summary.peak_stress, "o", color=BLUE, markersize=6)
    axes.annotate(
        f"peak {summary.peak_stress:.2f} {unit}".rstrip(),
        (summary.peak_time, summary.peak_stress),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        color=BLUE,
        fontsize=9,
    )


def _judged(traj: Trajectory, name: str) -> np.ndarray:
    """A monitor's column with NaN where the monitor had nothing to say yet (it writes 0)."""
    values = np.array(traj.monitor[name], dtype=float)
    values[np.asarray(traj.monitor["M"]) <= 0.0] = np.nan
    return values


def _log_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10, numticks=8))
    axes.yaxis.set_minor_formatter(NullFormatter())


@styled
def figure_M(traj: Trajectory, changes: Sequence[Change] = ()) -> Markup:
    """SVG of M of each snapshot with its bound."""
    drawing = Drawing(traj, 3.2, head=0.35)
    axes = drawing.main
    bound = _judged(traj, "bound")
    drawing.line(bound, color=ORANGE, linewidth=1.3, linestyle=(0, (4, 2)),
                 label="bound M(t): what the forecast allows")  # fmt: skip
    drawing.line(_judged(traj, "M"), color=BLUE, label="M of the snapshot")
    axes.axhline(1.0, color=SOFT, linewidth=1.0)
    axes.annotate("1: ordinary", (0.01, 1.0), xycoords=("axes fraction", "data"),
                  xytext=(0, 3), textcoords="offset points", color=SOFT, fontsize=8.5)  # fmt: skip
    _log_axis(axes)
    limit = float(traj.monitor_config.get("m_limit", 2.0))
    axes.axhline(limit, color=STATE_COLOURS[2], linewidth=2.5, zorder=1.5)  # the bound lies on it
    axes.annotate(f"{limit:g}: the limit of what is known", (0.99, limit), ha="right",
                  xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points",
                  color="#8a5a00", fontsize=8.5, bbox=BACKED)  # fmt: skip
    axes.set_ylabel("M (dimensionless)")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    drawing.changes(changes)
    return drawing.svg("M and its bound in time")


@styled
def figure_innovation(traj: Trajectory, changes: Sequence[Change] = ()) -> Markup:
    """SVG of the squared one-step innovation over its expectation."""
    drawing = Drawing(traj, height=2.6)
    axes = drawing.main
    x, y = thin(traj.time, _judged(traj, "innovation"))
    axes.plot(x, y, color=BLUE, linewidth=1.0)
    if len(x) <= 400:
        axes.plot(x, y, ".", color=BLUE, markersize=4)
    axes.axhline(1.0, color=SOFT, linewidth=1.0)
    axes.annotate("1: as expected", (0.01, 1.0), xycoords=("axes fraction", "data"),
                  xytext=(0, 3), textcoords="offset points", color=SOFT, fontsize=8.5)  # fmt: skip
    _log_axis(axes)
    axes.set_ylabel("innovation² / expectation\n(dimensionless)")
    drawing.changes(changes)
    return drawing.svg("One-step innovation in time")


@styled
def figure_evidence(traj: Trajectory, changes: Sequence[Change] = ()) -> Markup:
    """SVG of the evidence that the run has changed."""
    drawing = Drawing(traj, height=2.6)
    axes, values = drawing.main, _judged(traj, "evidence")
    drawing.line(values, color=BLUE)
    axes.axhline(1.0, color=STATE_COLOURS[3], linewidth=1.0)
    axes.annotate("1: alarm", (0.01, 1.0), xycoords=("axes fraction", "data"), xytext=(0, 3),
                  textcoords="offset points", color=STATE_COLOURS[3], fontsize=8.5)  # fmt: skip
    if np.nanmax(values, initial=0.0) > 10.0:
        axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("evidence of a change\n(1 is the alarm)")
    drawing.changes(changes)
    return drawing.svg("Evidence of a change in time")


@styled
def figure_horizon(traj: Trajectory, changes: Sequence[Change] = ()) -> Markup:
    """SVG of tau_pred."""
    drawing = Drawing(traj, height=2.4)
    values = _judged(traj, "tau_pred")
    values[~np.isfinite(values)] = np.nan
    drawing.line(values, color=BLUE)
    drawing.main.set_ylim(bottom=0.0)
    drawing.main.set_ylabel(label("τ_pred", unit_style(traj.units)["time"]))
    drawing.changes(changes)
    return drawing.svg("Trusted horizon of the forecast")


@styled
def figure_short_forecasts(
    traj: Trajectory, shown: Shown, seen: Hindsight, changes: Sequence[Change] = ()
) -> Markup:
    """SVG of forecasts over five snapshots, made again and again, with what happened."""
    drawing = Drawing(traj, 3.0, head=0.35)
    axes, with_band = drawing.main, seen.held(shown.name)
    drawing.line(shown.values, color=BLUE, label="what happened")
    text = "forecast, five snapshots ahead"
    if with_band:
        text += f", and its {100 * seen.bands[shown.name].level:.0f} % band"
    for n, one in enumerate(seen.short.get(shown.name, [])):
        time = traj.time[one.rows]
        if with_band:
            band = (one.mean - one.half, one.mean + one.half)
            axes.fill_between(time, *band, color=ORANGE, alpha=0.22, linewidth=0)
        axes.plot(time, one.mean, color=ORANGE, linewidth=1.3, label=text if n == 0 else None)
    # A model that is unstable for a moment must not squeeze everything else flat.
    low, high = np.nanmin(shown.values), np.nanmax(shown.values)
    axes.set_ylim(low - 0.25 * (high - low), high + 0.25 * (high - low))
    axes.set_ylabel(label(shown.name, shown.unit))
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    drawing.changes(changes)
    return drawing.svg("Short forecasts against what happened")


@styled
def figure_forecast(traj: Trajectory, shown: Sequence[Shown], seen: Hindsight) -> Markup:
    """SVG of one long forecast of one or two series, with what happened."""
    shown = [each for each in shown if each.name in seen.long]
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    first = max(seen.skipped, seen.origin - 40)
    before = slice(first, seen.origin + 1)
    for each, axes in zip(shown, panels, strict=True):
        one, reach = seen.long[each.name], seen.bands[each.name].reach()
        time, near = traj.time[one.rows], slice(0, reach)
        low, high = (one.mean - one.half)[near], (one.mean + one.half)[near]
        if reach and np.isfinite(low).any():
            words = f"its {100 * seen.bands[each.name].level:.0f} % band, as far as it was checked"
            axes.fill_between(time[near], low, high, color=ORANGE, alpha=0.2, linewidth=0,
                              label=words)  # fmt: skip
        axes.plot(time, one.mean, color=ORANGE, label="forecast")
        axes.plot(traj.time[before], each.values[before], color=SOFT, label="before")
        rows = np.concatenate([[seen.origin], one.rows])
        axes.plot(traj.time[rows], each.values[rows], color=BLUE, label="what happened")
        mark(axes, traj.time[seen.origin], "forecast made", SOFT, height=0.12)
        if seen.alarm is not None:
            mark(axes, traj.time[seen.alarm], "alarm", STATE_COLOURS[3])
        axes.set_xlabel(time_label(traj))
        axes.set_ylabel(label(each.name, each.unit))
    found = {}
    for axes in panels:
        found |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(found.values(), found, loc="outside upper center", ncols=4)
    return to_svg(figure, "Forecast against what happened")


def state_legend() -> Markup:
    """HTML legend of the state bar."""
    words = [f"{number} {name}" for number, name in enumerate(STATES)]
    return legend("State bar", zip(STATE_COLOURS, words, strict=True))
