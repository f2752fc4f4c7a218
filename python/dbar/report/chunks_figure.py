"""Figures of chunks of atoms: how many stand out along time, M of each, and maps of a grid."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dbar.report.drawing import BLUE, Drawing, label, styled, time_label, to_svg
from dbar.store.units import unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.trajectory import Trajectory
from dbar.trust.chunks import ChunkMap

__all__ = ["figure_grid", "figure_rows", "figure_standing_out"]

_ROWS, _COLUMNS = 300, 600  # points of a picture at most
_SHOWN = (0.5, 20.0)  # M from where to where colours go at least, on a scale of logarithms


@styled
def figure_standing_out(traj: Trajectory, seen: ChunkMap, changes: list[Change]) -> Markup:
    """Number of chunks that stand out in each snapshot."""
    drawing = Drawing(traj, height=2.4)
    drawing.line(seen.changed.sum(axis=1), color=BLUE)
    drawing.main.axvspan(traj.time[0], traj.time[seen.reference - 1], color="#eef0f3", zorder=0)
    drawing.main.set_ylabel("chunks")
    drawing.main.set_ylim(bottom=0.0)
    drawing.main.yaxis.get_major_locator().set_params(integer=True)
    drawing.changes(changes)
    return drawing.svg("Chunks that stand out")


@styled
def figure_rows(traj: Trajectory, seen: ChunkMap) -> Markup:
    """M of each chunk in each snapshot: chunks are rows, time goes to the right."""
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    axes = figure.subplots()
    picture = _largest(_largest(seen.M.T, _COLUMNS, axis=1), _ROWS, axis=0)
    step = (traj.time[-1] - traj.time[0]) / max(len(traj) - 1, 1)
    extent = (traj.time[0] - step / 2, traj.time[-1] + step / 2, 0.5, seen.M.shape[1] + 0.5)
    drawn = _show(axes, picture, extent=extent, origin="lower", aspect="auto")
    axes.set_xlabel(time_label(traj))
    axes.set_ylabel("chunk")
    figure.colorbar(drawn, ax=axes, label="M")
    return to_svg(figure, "M of each chunk")


def strength(seen: ChunkMap) -> np.ndarray:
    """M (n,) of each chunk when it begins to stand out; 0 of those that never do."""
    begun = np.maximum(seen.first, 0)
    found = np.take_along_axis(seen.M, begun[None], axis=0)[0]
    return np.where(seen.first >= 0, found, 0.0)


def beginning(seen: ChunkMap) -> int:
    """Snapshot at which a chunk begins that is twice as far as any of the reference ever was.

    The first of them; where none is, that at which the farthest begins, or the last snapshot.
    """
    M = strength(seen)
    if not M.any():
        return len(seen.M) - 1
    clear = M > 2.0 * np.nanmax(seen.M[: seen.reference])
    return int(seen.first[clear].min()) if clear.any() else int(seen.first[np.argmax(M)])


@styled
def figure_grid(traj: Trajectory, seen: ChunkMap) -> Markup:
    """Maps of the largest M along the third and the second axis, when something begins.

    Later there may be many: what begins in one place spreads. If nothing does, of the last one.
    """
    t = beginning(seen)
    M = seen.M[t].reshape(traj.chunks.grid)
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    style = unit_style(traj.units)
    time = f"{traj.time[t]:.4g} {style['time']}".strip()
    figure.suptitle(f"at {time}", fontsize=10)
    for axes, away in zip(figure.subplots(1, 2), (2, 1), strict=True):
        a, b = (k for k in range(3) if k != away)
        flat = _nanmax(M, away)
        extent = (0.5, M.shape[a] + 0.5, 0.5, M.shape[b] + 0.5)
        drawn = _show(axes, flat.T, extent=extent, origin="lower", aspect="auto")
        for at, k in ((axes.xaxis, a), (axes.yaxis, b)):
            at.get_major_locator().set_params(integer=True, min_n_ticks=1)
            at.set_label_text(label(f"bin along {'abc'[k]}", ""))
    figure.colorbar(drawn, ax=figure.axes, label="largest M")
    return to_svg(figure, "Where the box is unlike the rest")


def _show(axes: Axes, picture: np.ndarray, **words):
    from matplotlib.colors import LogNorm

    axes.grid(False)
    axes.set_facecolor("#eef0f3")  # chunks without M
    low, high = _SHOWN
    norm = LogNorm(low, max(high, float(np.nanmax(picture, initial=high))), clip=True)
    return axes.imshow(picture, cmap="viridis", norm=norm, interpolation="nearest", **words)


def _largest(values: np.ndarray, most: int, axis: int) -> np.ndarray:
    """The largest of neighbours along an axis, so that at most so many are left."""
    length = values.shape[axis]
    if length <= most:
        return values
    edges = np.linspace(0, length, most + 1).astype(int)[:-1]
    return np.fmax.reduceat(values, edges, axis=axis)


def _nanmax(values: np.ndarray, axis: int) -> np.ndarray:
    return np.fmax.reduce(values, axis=axis)
