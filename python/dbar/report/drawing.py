"""What the figures of the report have in common: style, margins, the bar of states, SVG."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from itertools import pairwise

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text

from dbar.console import signals
from dbar.store.units import unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.trajectory import Trajectory

INK, SOFT, BLUE, ORANGE = "#1f2933", "#8a94a0", "#1f5fa8", "#c2570c"
STATE_COLOURS = ("#c8ced6", "#4c9f70", "#e8b23a", "#c8372d")
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dbar",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8ebee",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}
BACKED = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8}  # of words
_MOST_POINTS = 1500
_PIXELS = 600  # of the time axis: what is closer cannot be told apart
_ROOM = 0.08  # of the time axis, for a word at a line


def thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most a few thousand points; each block keeps its smallest and largest, so spikes stay."""
    if len(x) <= 2 * _MOST_POINTS:
        return x, y
    edges = np.linspace(0, len(x), _MOST_POINTS + 1).astype(int)
    picks: list[int] = []
    for a, b in pairwise(edges):
        block = np.nan_to_num(y[a:b], nan=0.0)
        picks += sorted({a + int(block.argmin()), a + int(block.argmax())})
    return x[picks], y[picks]


def styled(draw: Callable) -> Callable:
    """Let a function draw in the report's style."""

    @functools.wraps(draw)
    def wrapper(*args, **kwargs):
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapper


def label(name: str, unit: str) -> str:
    """Name of an axis with its unit, if it has one."""
    return f"{name} ({unit})" if unit else name


def time_label(traj: Trajectory) -> str:
    """Name of the time axis."""
    return label("time", unit_style(traj.units)["time"] or "reduced units")


class Drawing:
    """A figure over time: main axes, and below them the bar of states."""

    def __init__(self, traj: Trajectory, height: float = 3.0, head: float = 0.1) -> None:
        self.traj = traj
        self.figure = Figure(figsize=(8.6, height))
        # The same margins everywhere, so that times line up from figure to figure.
        self.figure.subplots_adjust(
            left=0.095, right=0.985, bottom=0.5 / height, top=1.0 - head / height, hspace=0.12
        )
        self.with_states = "state" in traj.monitor
        if self.with_states:
            self.main, self.bar = self.figure.subplots(2, 1, sharex=True, height_ratios=(1, 0.07))
            _state_bar(self.bar, traj)
            self.bar.set_xlabel(time_label(traj))
            self.main.tick_params(labelbottom=False)
        else:
            self.main = self.figure.subplots()
            self.main.set_xlabel(time_label(traj))
        pad = 0.01 * max(np.ptp(traj.time), 1e-30)
        self.main.set_xlim(traj.time[0] - pad, traj.time[-1] + pad)

    def line(self, values: np.ndarray, **style) -> None:
        """Draw one value per snapshot."""
        x, y = thin(self.traj.time, np.asarray(values, float))
        self.main.plot(x, y, **style)

    def changes(self, changes: Sequence[Change]) -> None:
        """Mark where the run changed; words only where they have room, one line a pixel."""
        span = max(np.ptp(self.traj.time), 1e-30)
        last, drawn, room = -np.inf, -np.inf, _ROOM * span
        for change in changes:
            if change.time < drawn + span / _PIXELS:
                continue
            drawn = change.time
            word = ("change" if change.regime else "alarm") if change.time > last + room else ""
            mark(self.main, change.time, word, STATE_COLOURS[3])
            last = change.time if word else last

    def svg(self, title: str) -> Markup:
        """Return the figure as an SVG element."""
        return to_svg(self.figure, title)


def to_svg(figure: Figure, title: str) -> Markup:
    """Return a figure as an SVG element, without the head of an SVG file."""
    signals.check()  # a page is some seconds of drawing, and every figure passes here
    numbers = {
        text
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for text in (*axis.get_ticklabels(which="both"), axis.get_offset_text())
    }
    for text in figure.findobj(Text):
        if text not in numbers:  # a name may hold dollars, between which matplotlib sees a formula
            text.set_parse_math(False)
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Title": title})
    text = buffer.getvalue()
    return Markup(text[text.index("<svg") :])


def mark(axes: Axes, x: float, text: str, colour: str, height: float = 1.0) -> None:
    """Mark a time by a dashed line with a word beside it."""
    axes.axvline(x, color=colour, linewidth=1.1, linestyle=(0, (4, 3)))
    axes.annotate(
        text,
        (x, height),
        xycoords=("data", "axes fraction"),
        xytext=(4, -3),
        textcoords="offset points",
        va="top",
        color=colour,
        fontsize=9,
        bbox=BACKED,
    )


def _state_bar(axes: Axes, traj: Trajectory) -> None:
    starts, widths, state = _stretches(np.clip(traj.monitor["state"], 0, 3), traj.time)
    for k in np.unique(state):
        left, right = starts[state == k], (starts + widths)[state == k]
        x, y = np.array([left, left, right, right, left]).T, [0.0, 1.0, 1.0, 0.0, 0.0]
        corners = np.stack([x, np.broadcast_to(y, x.shape)], axis=-1).reshape(-1, 2)
        codes = np.tile([Path.MOVETO, *3 * [Path.LINETO], Path.CLOSEPOLY], len(x))
        # one path a state, however often it comes back
        axes.add_patch(PathPatch(Path(corners, codes), color=STATE_COLOURS[k], linewidth=0))
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([])
    axes.grid(False)
    axes.set_ylabel("state", rotation=0, ha="right", va="center")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _stretches(state: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, width and state of the pieces of the bar, as many as it has pixels at most.

    An alarm of one snapshot must stay visible in a long run: no piece is thinner than a pixel or
    two, and a pixel has the highest state in it.
    """
    thinnest, step = np.ptp(time) / _PIXELS, time[-1] - time[-2] if len(time) > 1 else 1.0
    end = time[-1] + step
    if np.count_nonzero(np.diff(state)) >= _PIXELS:
        edges = np.linspace(time[0], end, _PIXELS + 1)
        first = np.searchsorted(time, edges[:-1], side="right") - 1  # what lasts into the pixel
        highest = state[first]
        pixel = np.searchsorted(edges, time, side="right") - 1
        np.maximum.at(highest, np.minimum(pixel, _PIXELS - 1), state)
        state, time = highest, edges[:-1]
    first = np.append(0, np.flatnonzero(np.diff(state)) + 1)
    starts = time[first]
    return starts, np.maximum(np.diff(np.append(starts, end)), thinnest), state[first]
