"""One row of the figure of forecasts from the window's start."""

from __future__ import annotations

import numpy as np
from figures import BLUE, INK, ORANGE, SOFT

GREEN = "#4c9f70"


def draw_window(row, data, last, seen, unseen):
    """Energy and g(r) of the last particle, in-sample, and M of all, in-sample and held-out."""
    time, one = data.time[data.first + 1 :], seen[-1]
    span = (data.time[data.first], data.time[last - 1])
    for name, color, label in (
        ("parameters", BLUE, "90 %: noise and parameters"), ("noise", ORANGE, "90 %: noise"),
    ):  # fmt: skip
        row[0].fill_between(time, *one.bands[name], color=color, alpha=0.3, lw=0, label=label)
    row[0].plot(data.time, data.energy[-1], ".", ms=1.5, color=INK, label="MD")
    row[0].plot(time, one.mean, color=BLUE, lw=1.2, label="forecast")
    row[0].plot(time, unseen[-1].mean, color=GREEN, lw=1.2, ls="--", label="forecast, held-out")
    row[0].axvspan(*span, color=SOFT, alpha=0.15, lw=0)
    width = np.ptp(data.energy[-1])
    row[0].set_ylim(data.energy[-1].min() - 0.5 * width, data.energy[-1].max() + 0.5 * width)
    row[0].set_xlabel(f"time (ps), trained {span[0]:.3g} to {span[1]:.3g} ps")
    row[0].set_ylabel("potential energy\n(eV per atom)")
    row[1].plot(data.r, one.g_start, color=SOFT, lw=1.0, label="MD, window's start")
    row[1].plot(data.r, one.g, ".", ms=3, color=INK, label="MD, end")
    row[1].plot(data.r, one.g_told, color=BLUE, lw=1.2, label="forecast, end")
    row[1].plot(data.r, unseen[-1].g_told, color=GREEN, lw=1.2, ls="--", label="held-out")
    row[1].set(xlabel="r (Å)", ylabel="g(r)", xlim=(2.0, data.r[-1]))
    for axis, told, word in ((row[2], seen, "in-sample"), (row[3], unseen, "held-out")):
        _distances(axis, data, span, told, word)


def _distances(axis, data, span, told, word):
    time = data.time[data.first :]
    for t in told:
        axis.plot(time, t.M, color=SOFT, lw=0.4, alpha=0.6)
    mean = np.mean([t.M for t in told], axis=0)
    axis.plot(time, mean, color=INK, lw=1.4, label="M of MD, mean")
    axis.plot(time, np.mean([t.M_sigma for t in told], axis=0), color=BLUE, label=r"$M_\sigma$")
    axis.plot(time, np.mean([t.M_0 for t in told], axis=0), color=ORANGE, ls="--", label="$M_0$")
    axis.axhline(2.0, color=INK, lw=0.6, ls=":")
    axis.axvspan(*span, color=SOFT, alpha=0.15, lw=0)
    axis.set_xlabel("time (ps)")
    axis.set_ylabel(f"M, {word}")
    axis.set_ylim(0.0, max(3.0, 1.6 * mean.max()))
