"""Where in the box the alarm comes from: the report's look at the positions kept beside it."""

from __future__ import annotations

from dataclasses import dataclass

import ase
import ase.data
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from dbar.descriptors.command import command_settings
from dbar.novelty.atom_novelty import AtomNovelty, regions
from dbar.novelty.clusters import Region
from dbar.report.drawing import ORANGE, label, styled, to_svg
from dbar.store.units import unit_style
from dbar.targets.pair_distribution import configuration
from dbar.trajectory.summary import Summary
from dbar.trajectory.trajectory import Snapshots, Trajectory

__all__ = ["Where", "find_where", "frame_atoms", "where_html"]

_MOST_FRAMES, _MOST_ATOMS = 20, 1_000_000  # to learn from

_TEXT = Markup("""
<p>An alarm is about the whole box. Here the surroundings of each atom in the snapshot kept at
{time} are compared with those of all atoms in {frames} snapshots kept before the change. M of an
atom is its squared Mahalanobis distance per dimension; one atom in a thousand exceeded {limit:.3g}
before. What moved most: <b>{sentence}</b>{share}. The maps show the largest M found in each column
of the box along two of its vectors, from its lower corner; the dashed frame is the region.</p>""")


@dataclass
class Where:
    """The novel regions of one kept snapshot.

    Attributes
    ----------
    index : int
        Of the kept snapshot.
    time : float
    frames : int
        Kept snapshots that the model was learnt from.
    model : AtomNovelty
    atoms : ase.Atoms
        With the box's lower corner at the origin.
    score : ndarray, shape (n,)
        M of each atom.
    regions : list of Region
        The most novel first; centres in the coordinates of the run.
    """

    index: int
    time: float
    frames: int
    model: AtomNovelty
    atoms: ase.Atoms
    score: np.ndarray
    regions: list[Region]


def frame_atoms(snapshots: Snapshots, index: int) -> ase.Atoms:
    """Return kept positions as atoms; the chemical element of number t stands for LAMMPS type t."""
    x, species, cell, origin = configuration(snapshots, index)
    return ase.Atoms(
        numbers=species, positions=x - origin, cell=cell, pbc=snapshots.periodic[index]
    )


def find_where(
    traj: Trajectory, summary: Summary, moment: float | None = None, since: float = -np.inf
) -> Where | None:
    """Find the regions that are novel at the alarm, or at another moment.

    The model is learnt from positions kept before that moment, and applied to the first that were
    kept at it or after it.

    Parameters
    ----------
    traj : Trajectory
    summary : Summary
    moment : float, optional
        Time of a change; that of the first alarm when not given.
    since : float
        Time from which on positions are learnt from, if two of them lie behind it.

    Returns
    -------
    Where or None
        None without an alarm, with fewer than two snapshots kept before or none after it, or if
        the file does not say which descriptor was used.
    """
    kept = traj.snapshots
    moment = summary.alarm_time if moment is None else moment
    if kept is None or moment is None:
        return None
    before = np.flatnonzero(kept.time < moment)
    after = np.flatnonzero(kept.time >= moment)
    if len(before) < 2 or not len(after):
        return None
    later = before[kept.time[before] > since]
    before = later if len(later) >= 2 else before
    most = max(2, min(_MOST_FRAMES, _MOST_ATOMS // max(kept.position.shape[1], 1)))
    picked = before[np.unique(np.linspace(0, len(before) - 1, most).astype(int))]
    try:
        settings = command_settings(traj)
        symbols = ase.data.chemical_symbols[1 : settings["ntypes"] + 1]
        model = AtomNovelty(settings, symbols, traj.units)
        model.fit(frame_atoms(kept, k) for k in picked)
        atoms = frame_atoms(kept, int(after[0]))
        found = regions(atoms, model)
        score = model.score(atoms)
    except ValueError:  # a descriptor or positions that cannot be used: a report without this
        return None
    index = int(after[0])
    for region in found:
        region.centre = region.centre + kept.origin[index]
    return Where(index, float(kept.time[index]), len(picked), model, atoms, score, found)


def where_html(traj: Trajectory, where: Where) -> Markup:
    """Text and maps."""
    style = unit_style(traj.units)
    time = f"{where.time:.4g} {style['time']}".strip()
    limit = max(m.limit for m in where.model.models_ if m is not None)
    if not where.regions:
        none = "<p>No atom of the snapshot kept at {} stands out from those before.</p>"
        return Markup(none).format(time)
    top = where.regions[0]
    share = ""
    if len(where.regions) > 1:
        total = sum(region.total for region in where.regions)
        share = f", {100 * top.total / total:.0f} % of the M of all {len(where.regions)} regions"
    text = _TEXT.format(
        time=time,
        frames=where.frames,
        limit=limit,
        sentence=top.sentence(style["length"]),
        share=share,
    )
    return text + _maps(traj, where, style["length"])


@styled
def _maps(traj: Trajectory, where: Where, unit: str) -> Markup:
    cell, top = where.atoms.cell.complete(), where.regions[0]
    length, inside = cell.lengths(), cell.scaled_positions(where.atoms.positions)
    inside = np.where(where.atoms.pbc, inside % 1.0, inside) * length
    corner = traj.snapshots.origin[where.index]
    middle = cell.scaled_positions((top.centre - corner)[None])[0] * length
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    for axes, (a, b) in zip(figure.subplots(1, 2), ((0, 1), (0, 2)), strict=True):
        edges = [
            np.linspace(inside[:, k].min(), max(inside[:, k].max(), 1e-9), _bins(length[k]))
            for k in (a, b)
        ]
        cells = [
            np.clip(np.searchsorted(e, inside[:, k]) - 1, 0, len(e) - 2)
            for e, k in zip(edges, (a, b), strict=True)
        ]
        largest = np.full((len(edges[1]) - 1, len(edges[0]) - 1), np.nan)
        np.fmax.at(largest, (cells[1], cells[0]), np.log10(np.maximum(where.score, 1e-2)))
        drawn = axes.pcolormesh(*edges, largest, cmap="viridis", rasterized=True)
        low = [middle[k] - 0.5 * top.extent[k] for k in (a, b)]
        frame = {"fill": False, "edgecolor": ORANGE, "linestyle": (0, (4, 3)), "linewidth": 1.6}
        for wrap_a in (-1, 0, 1):
            for wrap_b in (-1, 0, 1):
                at = (low[0] + wrap_a * length[a], low[1] + wrap_b * length[b])
                patch = axes.add_patch(_rectangle(at, top.extent[a], top.extent[b], frame))
                patch.set_clip_on(True)
        axes.set_xlim(edges[0][0], edges[0][-1])
        axes.set_ylim(edges[1][0], edges[1][-1])
        axes.set_xlabel(label(f"along {'abc'[a]}", unit))
        axes.set_ylabel(label(f"along {'abc'[b]}", unit))
        axes.grid(False)
    figure.colorbar(drawn, ax=figure.axes, label="log10 of the largest M")
    return to_svg(figure, "Where the box is novel")


def _rectangle(corner, width, height, style):
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, **style)


def _bins(length):
    return int(np.clip(length / 2.0, 8, 48)) + 1
