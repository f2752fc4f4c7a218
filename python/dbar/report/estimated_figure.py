"""Figure of an observable that a run estimated: computed, estimated, forecast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from dbar.report.drawing import BLUE, ORANGE, Drawing, label, styled
from dbar.statistics.ranks import NORMAL
from dbar.store.units import unit_of, unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.movers import in_words
from dbar.trajectory.trajectory import Trajectory

__all__ = ["figure_estimated"]

_VIOLET = "#6b4fa0"
_MOST = 600  # points of a curve with a band


@styled
def figure_estimated(
    traj: Trajectory, name: str, later: float | None, changes: Sequence[Change] = ()
) -> Markup:
    """SVG of one observable; `later` is the time that lies between a forecast and its outcome."""
    table, values = traj.estimates[name], traj.observables.get(name)
    drawing = Drawing(traj, 3.0, head=0.35)
    axes, limits = drawing.main, [table[:, 0]]
    if values is not None and np.isfinite(values).any():
        known = np.isfinite(values)
        limits.append(values)
        if known.all():
            drawing.line(values, color=BLUE, linewidth=4.0, alpha=0.4, label="computed")
        else:  # a line would promise what lies between
            axes.plot(traj.time[known], values[known], "o", color=BLUE, markersize=3.5,
                      label="computed", zorder=3)  # fmt: skip
    _band(axes, traj.time, table[:, 0], NORMAL * table[:, 1], _VIOLET, "estimate")
    if later is not None:
        text = f"forecast, {later:.4g} {unit_style(traj.units)['time']}".rstrip() + " earlier"
        if _band(axes, traj.time + later, table[:, 2], table[:, 3], ORANGE, text):
            axes.set_xlim(right=traj.time[-1] + later)
    _limit(axes, limits)
    axes.set_ylabel(label(in_words(name), unit_of(name, traj.units)))
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    drawing.changes(changes)
    return drawing.svg(f"{name}: computed, estimated and forecast")


def _band(axes, time, mean, half, colour, text) -> bool:
    """Draw a line and its 90 % band where they are known; whether there was anything."""
    every = -(-len(time) // _MOST)
    time, mean, half = time[::every], mean[::every], half[::every]
    if not np.isfinite(mean).any():
        return False
    axes.fill_between(time, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)
    axes.plot(time, mean, color=colour, linewidth=1.0, label=f"{text}, 90 % band")
    return True


def _limit(axes, columns) -> None:
    """The first, young estimates must not squeeze everything else flat."""
    found = np.concatenate([column[np.isfinite(column)] for column in columns])
    if not len(found):
        return
    low, high = np.percentile(found, [1, 99])
    room = 0.35 * (high - low) or 0.01 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)
