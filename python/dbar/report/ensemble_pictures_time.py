"""Figures of the ensemble report along time: forecasts, trust, alarms, resampling, dimension."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dbar.report.drawing import BLUE, ORANGE, SOFT, STATE_COLOURS, label, mark, styled, time_label
from dbar.report.drawing import to_svg as svg
from dbar.report.ensemble_pictures import axis_label, panels
from dbar.study.study import Study

__all__ = [
    "figure_coverage",
    "figure_forecast",
    "figure_growth",
    "figure_manifold",
    "figure_resampled",
    "figure_signals",
    "figure_yield",
]


def _spread(ax, time, low, high, colour, alpha, name):
    ax.fill_between(time, low, high, color=colour, alpha=alpha, linewidth=0, label=name)


@styled
def figure_forecast(study: Study, run: int, origin: int, outlook, picked: list[int]) -> Markup:
    """SVG of a forecast of a left-out run with both bands, against what happened."""
    one, names = study.runs.runs[run], study.model.names
    steps = len(outlook.mean)
    figure, axes = panels(len(picked), 2 if len(picked) != 3 else 3, 2.5)
    ahead = one.time[origin + 1 : origin + 1 + steps]
    first = max(0, origin - steps)
    for ax, q in zip(axes, picked, strict=True):
        _spread(ax, ahead, outlook.low_epistemic[:, q], outlook.high_epistemic[:, q], ORANGE, 0.3,
                "90 %, noise and model uncertain")  # fmt: skip
        _spread(ax, ahead, outlook.low[:, q], outlook.high[:, q], BLUE, 0.25, "90 %, noise only")
        ax.plot(ahead, outlook.mean[:, q], color=ORANGE, label="forecast")
        rows = slice(first, origin + 1 + steps)
        ax.plot(one.time[rows], one.observables[names[q]][rows], color=BLUE, linewidth=1.2,
                label="what happened")  # fmt: skip
        values = one.observables[names[q]][rows]
        low = min(values.min(), outlook.low[:, q].min())
        high = max(values.max(), outlook.high[:, q].max())
        pad = 0.3 * (high - low)  # an unstable draw must not squeeze the rest flat
        ax.set_ylim(low - pad, high + pad)
        ax.axvline(one.time[origin], color=SOFT, linestyle=(0, (4, 3)), linewidth=1.0)
        ax.set_xlabel(time_label(one))
        ax.set_ylabel(axis_label(study, names[q]))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return svg(figure, "Forecast of a left-out run")


@styled
def figure_coverage(study: Study, picked: list[int]) -> Markup:
    """SVG of the share of left-out values inside the bands against the horizon."""
    checked = study.checked
    figure, axes = panels(2, 2, 2.6)
    x = checked.horizons * study.runs.dtau
    for ax, level in zip(axes, (0.9, 0.5), strict=True):
        raw, scaled = checked.coverage(level, False)[:, picked], checked.coverage(level)
        ax.axhline(level, color=SOFT, linewidth=1.0)
        ax.plot(x, raw.mean(axis=1), color=BLUE, marker="o", markersize=3,
                label="of the model alone")  # fmt: skip
        if scaled is not None:
            ax.plot(x, scaled[:, picked].mean(axis=1), color=ORANGE, marker="o", markersize=3,
                    label="scaled by other left-out runs")  # fmt: skip
        ax.set_ylim(0, 1.02)
        ax.set_xlabel(time_label(study.runs.runs[0]).replace("time", "time ahead", 1))
        ax.set_ylabel(f"share inside the {100 * level:.0f} % band")
        ax.legend(loc="lower right")
    return svg(figure, "Coverage of the bands")


@styled
def figure_growth(study: Study, run: int, origin: int, outlook, trust, actual) -> Markup:
    """SVG of M of a left-out run from the start of a forecast on, with M(t) and tau_pred."""
    one = study.runs.runs[run]
    steps = len(outlook.bound)
    time = one.time[origin : origin + 1 + steps]
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    ax = figure.subplots()
    after = time - time[0]
    bound = np.concatenate([[outlook.M_now], outlook.bound])
    ax.plot(after, bound, color=ORANGE, label="bound M(t)")
    expected = np.concatenate([[outlook.M_now], outlook.expected])
    ax.plot(after, expected, color=ORANGE, linestyle=(0, (3, 2)), linewidth=1.0,
            label="expected <M>")  # fmt: skip
    ax.plot(after, actual[origin : origin + 1 + steps], color=BLUE, label="M of the left-out run")
    ax.plot(after, trust.null(after), color=SOFT, label="M₀(t) = t / τ_M")
    ax.axhline(2.0, color=STATE_COLOURS[3], linewidth=1.0)
    if outlook.tau_pred <= after[-1]:
        mark(ax, outlook.tau_pred, "τ_pred", STATE_COLOURS[3])
    ax.set_ylim(0, 1.15 * max(4.0, float(np.quantile(actual[origin : origin + 1 + steps], 0.98))))
    ax.set_xlabel(time_label(one).replace("time", "time after the forecast was made", 1))
    ax.set_ylabel("M (dimensionless)")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return svg(figure, "Growth of M")


@styled
def figure_signals(study: Study, values: list, level: float, words: tuple, until, peaks) -> Markup:
    """SVG of a trust signal of all left-out runs on a logarithmic axis."""
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    ax = figure.subplots()
    for k, (one, row) in enumerate(zip(study.runs.runs, values, strict=True)):
        ax.plot(one.time[: len(row)], row, color=BLUE, linewidth=0.7, alpha=0.6,
                label="runs, each left out" if not k else None)  # fmt: skip
    middle = [np.asarray(row) for row in values if len(row) == len(values[0])]
    with np.errstate(invalid="ignore"):
        ax.plot(study.runs.runs[0].time[: len(values[0])], np.median(middle, axis=0), color=ORANGE,
                label="their median")  # fmt: skip
    ax.axhline(level, color=STATE_COLOURS[3], linewidth=1.0)
    ax.annotate(f"{level:.3g}: {words[1]}", (0.005, level), xycoords=("axes fraction", "data"),
                xytext=(0, 3), textcoords="offset points", color=STATE_COLOURS[3],
                fontsize=8.5)  # fmt: skip
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(base=10, numticks=8))
    ax.yaxis.set_minor_formatter(NullFormatter())
    if until is not None:
        mark(ax, until, "learnt until here", SOFT, 0.12)
    if peaks:
        ax.axvspan(min(peaks), max(peaks) + 1e-9, color=STATE_COLOURS[2], alpha=0.25, linewidth=0,
                   label="stress peaks")  # fmt: skip
    ax.set_xlabel(time_label(study.runs.runs[0]))
    ax.set_ylabel(f"{words[0]} (dimensionless)")
    ax.legend(loc="upper left", fontsize=9)
    return svg(figure, words[0])


@styled
def figure_resampled(study: Study, cloud, times: np.ndarray, picked: list[int]) -> Markup:
    """SVG of the distributions of observables through time."""
    names = study.model.names
    figure, axes = panels(len(picked), 2 if len(picked) != 3 else 3, 2.5)
    for ax, q in zip(axes, picked, strict=True):
        edges, density = cloud.density(names[q])
        share = density / np.maximum(density.max(axis=1, keepdims=True), 1e-300)
        grid = np.append(times, 2 * times[-1] - times[-2])
        ax.pcolormesh(grid, edges, share.T, cmap="Blues", rasterized=True, vmin=0, vmax=1.2)
        for k, row in enumerate(cloud.quantiles(names[q], (0.05, 0.95)).T):
            ax.plot(times, row, color=ORANGE, linewidth=1.0,
                    label="90 % of them" if not k else None)  # fmt: skip
        for k, one in enumerate(study.runs.runs):
            grow = study.model.kinds[names[q]] == "extensive"
            size = study.model.atoms_ / one.D[:, 0] if grow else 1.0
            ax.plot(one.time, size * one.observables[names[q]], color="#1f2933", linewidth=0.4,
                    alpha=0.5, label="simulated" if not k else None)  # fmt: skip
        ax.grid(False)
        ax.set_xlim(times[0], times[-1])
        ax.set_xlabel(time_label(study.runs.runs[0]))
        same = study.model.kinds[names[q]] == "extensive"
        atoms = f"\nof {study.model.atoms_:.0f} atoms" if same else ""
        ax.set_ylabel(axis_label(study, names[q]) + atoms)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return svg(figure, "Distributions through time")


@styled
def figure_manifold(study: Study, path, dimensions: dict) -> Markup:
    """SVG of the mean path in two components, and of intrinsic dimensions in windows."""
    one = min(study.runs.runs, key=len)
    count = 2 if dimensions else 1
    figure = Figure(figsize=(8.6, 3.0), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    time = one.time[: len(path.scores)]
    if path.scores.shape[1] > 1:
        points = axes[0].scatter(path.scores[:, 0], path.scores[:, 1], c=time, s=9, cmap="viridis")
        axes[0].set_ylabel(f"component 2 ({100 * path.variance_ratio[1]:.1f} % of variance)")
    else:
        points = axes[0].scatter(path.scores[:, 0], 0 * time, c=time, s=9, cmap="viridis")
    axes[0].set_xlabel(f"component 1 ({100 * path.variance_ratio[0]:.1f} % of variance)")
    figure.colorbar(points, ax=axes[0], label=time_label(one))
    for (name, found), colour in zip(dimensions.items(), (BLUE, ORANGE), strict=False):
        x, error = np.interp(found.centre, np.arange(len(time)), time), found.error
        bars = error if np.isfinite(error).all() else None
        axes[1].errorbar(
            x, found.dimension, bars, color=colour, marker="o", markersize=4, label=name
        )
        axes[1].plot(x, found.surrogate, color=colour, linestyle="--", linewidth=1.0)
    if dimensions:
        axes[1].set_ylim(bottom=0)
        axes[1].set_xlabel(time_label(one))
        axes[1].set_ylabel("intrinsic dimension (count)")
        axes[1].legend(loc="lower right")
    return svg(figure, "Manifold")


@styled
def figure_yield(study: Study, rest: list[int], probability: list, peaks: list) -> Markup:
    """SVG of the probability of being past the stress peak, against time from the peak."""
    figure = Figure(figsize=(8.6, 2.7), layout="constrained")
    ax = figure.subplots()
    for n, (k, p) in enumerate(zip(rest, probability, strict=True)):
        ax.plot(study.runs.runs[k].time - peaks[k], p, color=BLUE, linewidth=0.8, alpha=0.6,
                label="runs not trained on" if not n else None)  # fmt: skip
    ax.axvline(0.0, color=STATE_COLOURS[3], linewidth=1.0, label="stress peak of the run")
    ax.axhline(0.5, color=SOFT, linewidth=1.0)
    ax.set_xlabel(label("time after the stress peak", study.runs.time_unit))
    ax.set_ylabel("probability of “after yield”")
    ax.legend(loc="upper left")
    return svg(figure, "Yield")
