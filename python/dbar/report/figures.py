"""Figures of the report, as inline SVG. Needs no window system."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dbar.report.drawing import (
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
from dbar.store.units import unit_of, unit_style
from dbar.trajectory.summary import STATES, Summary, smooth, strain_axis, stress
from dbar.trajectory.trajectory import Trajectory

__all__ = [
    "figure_M",
    "figure_forecast",
    "figure_horizon",
    "figure_innovation",
    "figure_run",
    "figure_short_forecasts",
    "state_legend",
]


@styled
def figure_run(traj: Trajectory, summary: Summary) -> tuple[str, str]:
    """SVG of stress, pressure or the first observable, and the name of what is shown."""
    found, pulled = stress(traj), strain_axis(traj)
    drawing = Drawing(traj, 3.3, head=0.5 if pulled and found else 0.1)
    axes = drawing.main
    if found:
        name, values, unit = found
    elif traj.observables:
        name, values = next(iter(traj.observables.items()))
        unit = unit_of(name, traj.units)
    else:
        name, values, unit = "first principal component of D", _first_component(traj.D), "its σ"
    drawing.line(values, color=BLUE, alpha=0.35 if pulled else 1.0)
    if pulled and found:
        drawing.line(smooth(values), color=BLUE, label="mean over 5 snapshots")
        if summary.peak_time is not None:
            _mark_peak(axes, summary, unit)
        axes.set_ylim(top=values.max() + 0.18 * np.ptp(values))
        slope = pulled[1][-1] / traj.time[-1] if traj.time[-1] else 1.0
        top = axes.secondary_xaxis(
            "top", functions=(lambda t: 100 * slope * t, lambda e: e / (100 * slope))
        )
        top.set_xlabel(f"engineering strain along {pulled[0]} (%)")
        top.spines["top"].set_visible(False)
    axes.set_ylabel(label(f"{name} along {pulled[0]}" if pulled and found else name, unit))
    drawing.alarm(summary)
    return drawing.svg(f"{name} in time"), name


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


def _first_component(D: np.ndarray) -> np.ndarray:
    x = D - D.mean(axis=0)
    scale = x.std(axis=0)
    x = x / np.where(scale > 0, scale, 1.0)
    score = np.linalg.svd(x, full_matrices=False)[0][:, 0]
    return score / (score.std() or 1.0)


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
def figure_M(traj: Trajectory, summary: Summary) -> str:
    """SVG of M of each snapshot with its bound."""
    drawing = Drawing(traj, 3.2, head=0.35)
    axes = drawing.main
    bound = _judged(traj, "bound")
    drawing.line(bound, color=ORANGE, linewidth=1.3, label="bound M(t): what the forecast allows")
    drawing.line(_judged(traj, "M"), color=BLUE, label="M of the snapshot")
    axes.axhline(1.0, color=SOFT, linewidth=1.0)
    axes.annotate("1: ordinary", (0.01, 1.0), xycoords=("axes fraction", "data"),
                  xytext=(0, 3), textcoords="offset points", color=SOFT, fontsize=8.5)  # fmt: skip
    _log_axis(axes)
    axes.set_ylabel("M (dimensionless)")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    drawing.alarm(summary)
    return drawing.svg("M and its bound in time")


@styled
def figure_innovation(traj: Trajectory, summary: Summary) -> str:
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
    drawing.alarm(summary)
    return drawing.svg("One-step innovation in time")


@styled
def figure_horizon(traj: Trajectory, summary: Summary) -> str:
    """SVG of tau_pred."""
    drawing = Drawing(traj, height=2.4)
    values = _judged(traj, "tau_pred")
    values[~np.isfinite(values)] = np.nan
    drawing.line(values, color=BLUE)
    drawing.main.set_ylim(bottom=0.0)
    drawing.main.set_ylabel(label("τ_pred", unit_style(traj.units)["time"]))
    drawing.alarm(summary)
    return drawing.svg("Trusted horizon of the forecast")


@styled
def figure_short_forecasts(traj: Trajectory, summary: Summary, seen: Hindsight) -> str:
    """SVG of forecasts over five snapshots, made again and again, with what happened."""
    drawing = Drawing(traj, 3.0, head=0.35)
    axes = drawing.main
    drawing.line(seen.series, color=BLUE, label="what happened")
    for n, (rows, mean, std) in enumerate(seen.short):
        time, label = traj.time[rows], "forecast ± 2 σ, five snapshots ahead" if n == 0 else None
        band = (mean - 2 * std, mean + 2 * std)
        axes.fill_between(time, *band, color=ORANGE, alpha=0.22, linewidth=0)
        axes.plot(time, mean, color=ORANGE, linewidth=1.3, label=label)
    # A model that is unstable for a moment must not squeeze everything else flat.
    low, high = np.nanmin(seen.series), np.nanmax(seen.series)
    axes.set_ylim(low - 0.25 * (high - low), high + 0.25 * (high - low))
    axes.set_ylabel(f"D component {seen.components[0]}\nper atom")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    drawing.alarm(summary)
    return drawing.svg("Short forecasts against what happened")


@styled
def figure_forecast(traj: Trajectory, seen: Hindsight) -> str:
    """SVG of one forecast of two descriptor sums, with what happened."""
    count = seen.mean.shape[1]
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False)[0]
    before = traj.time[seen.origin - len(seen.past) + 1 : seen.origin + 1]
    now, after = traj.time[seen.origin], traj.time[seen.rows]
    for c, axes in enumerate(panels):
        low, high = seen.mean[:, c] - 2 * seen.std[:, c], seen.mean[:, c] + 2 * seen.std[:, c]
        axes.fill_between(after, low, high, color=ORANGE, alpha=0.2, linewidth=0,
                          label="forecast ± 2 σ")  # fmt: skip
        axes.plot(after, seen.mean[:, c], color=ORANGE, label="forecast")
        axes.plot(before, seen.past[:, c], color=SOFT, label="learnt from")
        happened = np.concatenate([seen.past[-1:, c], seen.actual[:, c]])
        axes.plot(np.concatenate([[now], after]), happened, color=BLUE, label="what happened")
        mark(axes, now, "forecast made", SOFT, height=0.12)
        if seen.alarm is not None:
            mark(axes, traj.time[seen.alarm], "alarm", STATE_COLOURS[3])
        axes.set_xlabel(time_label(traj))
        axes.set_ylabel(f"D component {seen.components[c]} per atom")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return to_svg(figure, "Forecast against what happened")


def state_legend() -> str:
    """HTML legend of the state bar."""
    items = (
        f'<span><i style="background:{colour}"></i>{number} {name}</span>'
        for number, (name, colour) in enumerate(zip(STATES, STATE_COLOURS, strict=True))
    )
    return f'<p class="legend">State bar: {" ".join(items)}</p>'
