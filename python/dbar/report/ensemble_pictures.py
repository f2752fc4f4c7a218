"""Figures of the ensemble report about the model: observables, order, spectrum, memory, modes."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from dbar.report.drawing import BLUE, INK, ORANGE, SOFT, label, styled, time_label, to_svg
from dbar.store.units import unit_of
from dbar.study.study import Study
from dbar.trajectory.summary import strain_axis

__all__ = [
    "axis_label",
    "figure_observables",
    "figure_order",
    "figure_parity",
    "figure_spectrum",
    "figure_timescales",
    "figure_unimodality",
    "panels",
    "shown",
]

_MOST = 6


def axis_label(study: Study, name: str) -> str:
    """Name of an observable with its unit."""
    unit = unit_of(name, study.runs.units)
    return label(name, unit.replace("angstrom3", "Å³").replace("angstrom", "Å"))


def shown(study: Study, most: int = _MOST) -> list[int]:
    """Observables worth a figure: first those that the descriptors see, usual names in front."""
    names = study.model.names
    if not names:
        return []
    usual = {"pe": 0, "press": 2, "vol": 3, "temp": 5}
    pulled = {f"p{a}{a}": 1 for a in (strain_axis(study.runs.runs[0]) or "")[:1]}
    r2 = np.atleast_1d(study.checked.held.r2)
    rank = [(r2[q] < 0.5, {**usual, **pulled}.get(name, 4), -r2[q]) for q, name in enumerate(names)]
    return sorted(sorted(range(len(names)), key=lambda q: rank[q])[:most])


def panels(count: int, columns: int = 3, height: float = 2.3):
    """A figure with `count` panels in rows of `columns`."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(8.6, 0.35 + height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for extra in axes[count:]:
        extra.set_visible(False)
    return figure, axes[:count]


def held_of(study: Study, run: int) -> np.ndarray:
    """Rows of the left-out predictions that belong to a run."""
    return study.checked.held.groups == run


@styled
def figure_observables(study: Study) -> Markup:
    """SVG of observables of all runs, with the left-out estimate of one of them."""
    runs, checked = study.runs, study.checked
    picked = shown(study)
    figure, axes = panels(len(picked), 2 if len(picked) < 5 else 3)
    run = typical(study)
    rows = held_of(study, run)
    for ax, q in zip(axes, picked, strict=True):
        name = study.model.names[q]
        for k, one in enumerate(runs.runs):
            ax.plot(one.time, one.observables[name], color=SOFT, linewidth=0.5, alpha=0.55,
                    label="computed, all runs" if not k else None)  # fmt: skip
        time, mean = runs.runs[run].time, checked.held.mean[rows, q]
        half = 1.645 * checked.held.std[rows, q]
        ax.fill_between(time, mean - half, mean + half, color=ORANGE, alpha=0.25, linewidth=0)
        ax.plot(time, runs.runs[run].observables[name], color=BLUE, linewidth=1.2,
                label="computed, one run")  # fmt: skip
        ax.plot(time, mean, color=ORANGE, linewidth=1.0, linestyle=(0, (3, 1.5)),
                label="from descriptors, that run left out")  # fmt: skip
        ax.set_xlabel(time_label(runs.runs[0]))
        ax.set_ylabel(axis_label(study, name))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return to_svg(figure, "Observables of all runs")


@styled
def figure_parity(study: Study) -> Markup:
    """SVG of left-out estimates against computed values."""
    held, picked = study.checked.held, shown(study)
    figure, axes = panels(len(picked), 3, 2.5)
    stride = max(1, len(held.truth) // 1200)
    for ax, q in zip(axes, picked, strict=True):
        name = study.model.names[q]
        x, y = held.truth[::stride, q], held.mean[::stride, q]
        low, high = min(x.min(), y.min()), max(x.max(), y.max())
        ax.plot([low, high], [low, high], color=SOFT, linewidth=1.0)
        ax.plot(x, y, ".", color=BLUE, markersize=2.2, alpha=0.5, rasterized=True)
        ax.set_xlabel(f"computed {axis_label(study, name)}")
        ax.set_ylabel("from descriptors")
        r2 = np.atleast_1d(held.r2)[q]
        ax.annotate(f"R² {r2:.4f}", (0.05, 0.95), xycoords="axes fraction", va="top", fontsize=9)
        ax.locator_params(axis="x", nbins=4)
    return to_svg(figure, "Estimated against computed")


def typical(study: Study) -> int:
    """The run with the median error of the first observable shown: neither the best nor worst."""
    picked = shown(study, 1)
    if not picked or len(study.runs) < 2:
        return 0
    held, q = study.checked.held, picked[0]
    errors = [
        np.mean((held.truth[held_of(study, r), q] - held.mean[held_of(study, r), q]) ** 2)
        for r in range(len(study.runs))
    ]
    return int(np.argsort(errors)[len(errors) // 2])


@styled
def figure_order(study: Study) -> Markup:
    """SVG of the held-out likelihood of the candidates."""
    choice = study.choice
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    i, j = choice.dimensions.index(choice.dimension), choice.orders.index(choice.order)
    best = np.nanmax(choice.score)
    for ax, x, score, error, at, name in (
        (left, choice.dimensions, choice.score[:, j], choice.error[:, j], i, "latent dimension"),
        (right, choice.orders, choice.score[i], choice.error[i], j, "order P (lags)"),
    ):
        ax.errorbar(x, score - best, error, color=BLUE, marker="o", markersize=4, capsize=2)
        ax.plot(x[at], score[at] - best, "o", color=ORANGE, markersize=8, label="chosen")
        ax.set_xlabel(name)
        ax.set_xticks(x)
        ax.set_ylabel("log-likelihood per snapshot,\nless the best")
        ax.legend(loc="lower right")
    return to_svg(figure, "Likelihood of left-out runs")


@styled
def figure_spectrum(study: Study) -> Markup:
    """SVG of the eigenvalues in the complex plane, and the largest modulus in the bags."""
    found = study.spectrum
    figure = Figure(figsize=(8.6, 3.3), layout="constrained")
    plane, bags = figure.subplots(1, 2)
    angle = np.linspace(0, 2 * np.pi, 200)
    plane.plot(np.cos(angle), np.sin(angle), color=SOFT, linewidth=1.0)
    out = np.abs(found.eigenvalues) >= 1.0
    for pick, colour, name in ((~out, BLUE, "decays"), (out, ORANGE, "grows")):
        if pick.any():
            z = found.eigenvalues[pick]
            plane.plot(z.real, z.imag, "o", color=colour, markersize=4, label=name)
    plane.set_aspect("equal")
    plane.set_xlabel("real part of the eigenvalue")
    plane.set_ylabel("imaginary part")
    if out.any():
        plane.legend(loc="center left", bbox_to_anchor=(1.0, 0.9))
    order = np.sort(found.bag_radius)
    bags.plot(order, np.arange(1, len(order) + 1), "o", color=BLUE, markersize=4, label="bags")
    bags.axvline(1.0, color=SOFT, linewidth=1.0)
    bags.axvline(found.radius, color=ORANGE, label="their average: the model")
    bags.set_xlabel("largest modulus (1 and above: grows)")
    bags.set_ylabel("bags up to there")
    bags.locator_params(axis="x", nbins=5)
    bags.yaxis.get_major_locator().set_params(integer=True)
    bags.legend(loc="best")
    return to_svg(figure, "Spectrum of the model")


@styled
def figure_timescales(study: Study, found) -> Markup:
    """SVG of relaxation times of model and data against the lag (Chapman-Kolmogorov)."""
    dtau, unit = study.runs.dtau, time_label(study.runs.runs[0]).replace("time", "", 1).strip()
    figure = Figure(figsize=(8.6, 3.0), layout="constrained")
    ax = figure.subplots()
    lags = np.array(found.lags) * dtau
    colours = (BLUE, ORANGE, INK)
    for k in range(found.data.shape[1]):
        colour = colours[k % 3]
        data, error = (
            found.data[:, k] * dtau,
            np.nan_to_num(found.data_error[:, k], posinf=0) * dtau,
        )
        ax.errorbar(lags, data, np.minimum(error, 0.9 * data), fmt="o", color=colour, markersize=4,
                    capsize=2, label=f"data, mode {k + 1}")  # fmt: skip
        model = found.model[:, k] * dtau
        if np.isfinite(model).all():
            ax.plot(lags, model, color=colour, label=f"model, mode {k + 1}")
    ax.fill_between(lags, 1e-9, lags, color=SOFT, alpha=0.15, linewidth=0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(lags, [f"{lag:g}" for lag in lags])
    ax.xaxis.set_minor_formatter(NullFormatter())
    finite = found.data[np.isfinite(found.data)] * dtau
    ax.set_ylim(0.5 * min(finite.min(), lags[0]), 3 * finite.max())
    ax.set_xlabel(f"lag {unit}")
    ax.set_ylabel(f"relaxation time {unit}")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return to_svg(figure, "Relaxation times")


@styled
def figure_unimodality(latents: list, found) -> Markup:
    """SVG of histograms of the leading latent coordinates."""
    joined = np.concatenate(latents)
    count = min(4, joined.shape[1])
    figure, axes = panels(count, 4, 2.2)
    for k, ax in enumerate(axes):
        ax.hist(joined[:, k], bins=40, color=BLUE, alpha=0.75)
        ax.set_xlabel(f"latent coordinate {k + 1}\n(standard deviations)")
        ax.set_title(f"p = {found.p_holm[k]:.2f}", fontsize=9)
        ax.set_ylabel("snapshots" if not k else "")
    return to_svg(figure, "Histograms of latent coordinates")
