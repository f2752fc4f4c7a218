"""The section of the report on chunks of atoms: which are unlike the rest, where and when."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from dbar.report.chunks_figure import (
    figure_grid,
    figure_rows,
    figure_standing_out,
    strength,
)
from dbar.store.units import unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.trajectory import Trajectory
from dbar.trust.chunks import ChunkMap, chunk_map

__all__ = ["chunks_html", "chunks_seen"]

_REFERENCE = 60  # snapshots at most
_PART = 4  # of which the reference is one, in a short run
_LEAST = 8  # snapshots of a reference
_RATE = 0.05
_MOST = 8  # chunks that are named

_TEXT = Markup("""
<p>The atoms were sorted into {count} chunks{grid}, each with descriptors of its own. M of a chunk
is its distance from what the chunks of the first {reference} snapshots were, after what all chunks
do together is taken off: 1 is ordinary, whatever its number of atoms. Chunks of fewer than {least}
atoms are left out. Among the others those are said to stand out that lie beyond the scores of the
reference; while nothing happens that may be any chunk at all in {bound} of the snapshots.</p>""")

_NONE = Markup("<p>No chunk stands out in {persist} snapshots in a row.</p>")
_SOME = Markup("""
<p><b>{some} of {count} chunks</b> stand out in {persist} snapshots in a row. First of all: {named}.
</p>""")

_LEAST_ATOMS = 8
_PERSIST = 3


def chunks_seen(traj: Trajectory) -> ChunkMap:
    """M of the chunks of a run against its beginning and the rest.

    Raises
    ------
    ValueError
        If the run is too short for a reference, or its chunks have too few atoms.
    """
    if len(traj) <= _LEAST:
        raise ValueError(
            f"found {len(traj)} snapshots, expected more than {_LEAST}, the first of which are "
            "what the others are compared with"
        )
    reference = min(max(len(traj) // _PART, _LEAST), _REFERENCE)
    rate = max(_RATE, 1.0 / (reference - reference // 2))
    return chunk_map(
        traj.chunks.D, reference, _LEAST_ATOMS, common=True, rate=rate, persist=_PERSIST
    )


def chunks_html(traj: Trajectory, changes: list[Change]) -> Markup:
    """Text, map and time-line of a run with chunks; why there are none if there cannot be."""
    try:
        seen = chunks_seen(traj)
    except ValueError as error:
        return Markup('<p class="note">Not shown: {}.</p>').format(error)
    grid = traj.chunks.grid
    shape = "" if grid is None else f", a grid of {' x '.join(str(k) for k in grid)}"
    text = _TEXT.format(
        count=traj.chunks.count, grid=shape, reference=seen.reference, least=_LEAST_ATOMS,
        bound=f"{100 * min(seen.bound, 1.0):.0f} %",
    )  # fmt: skip
    text += _found(traj, seen)
    text += figure_standing_out(traj, seen, changes)
    return text + (figure_rows(traj, seen) if grid is None else figure_grid(traj, seen))


def _found(traj: Trajectory, seen: ChunkMap) -> Markup:
    some = np.flatnonzero(seen.first >= 0)
    if not len(some):
        return _NONE.format(persist=_PERSIST)
    M = strength(seen)
    some = some[np.lexsort((-M[some], seen.first[some]))]
    named = "; ".join(_name(traj, seen, M, int(c)) for c in some[:_MOST])
    count = traj.chunks.count
    return _SOME.format(some=len(some), count=count, persist=_PERSIST, named=named)


def _name(traj: Trajectory, seen: ChunkMap, M: np.ndarray, chunk: int) -> str:
    unit = unit_style(traj.units)["time"]
    time = f"{traj.time[seen.first[chunk]]:.4g} {unit}".strip()
    place = ""
    if traj.chunks.grid is not None:
        voxel = np.unravel_index(chunk, traj.chunks.grid)
        place = f" ({', '.join(str(int(k) + 1) for k in voxel)})"
    return f"chunk {chunk + 1}{place} from {time} on, M {M[chunk]:.3g}"
