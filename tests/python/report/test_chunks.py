"""The section on chunks of atoms: what it names, its figures, and why there may be none."""

import re

import matplotlib.image
import numpy as np
import pytest

from browser import screenshot
from dbar.report import chunks_section, report
from dbar.report.chunks_figure import beginning, strength
from dbar.report.chunks_section import chunks_seen
from dbar.trajectory import Chunks, Trajectory, read, write
from dbar.trust import ChunkMap

GRID = (4, 3, 2)


def run(T=200, grid=GRID, odd=(1, 2, 0), since=150, atoms=30):
    """A run whose voxels drift together, and one of which goes another way."""
    rng = np.random.default_rng(5)
    n = int(np.prod(GRID))
    count = rng.poisson(atoms, size=(T, n))
    d = rng.normal(size=(T, n, 4)) / np.sqrt(np.maximum(count, 1))[..., None]
    d += 5.0 + np.linspace(0, 8, T)[:, None, None]
    d[since:, np.ravel_multi_index(odd, GRID)] += 2.0
    D = np.concatenate([np.ones((T, n, 1)), d], axis=2) * count[..., None]
    return Trajectory(
        D.sum(axis=1), time=0.1 * np.arange(T), parameters={"units": "metal"},
        chunks=Chunks(D, grid=grid),
    )  # fmt: skip


def test_the_voxel_is_named_with_its_time(tmp_path):
    traj = run()
    write(tmp_path / "run.h5md", traj)
    page = report(tmp_path / "run.h5md", tmp_path / "run.html").read_text()
    text = page[page.index("Where is it unlike the rest?") :]
    assert "24 chunks, a grid of 4 x 3 x 2" in text
    assert re.search(r"<b>1 of 24 chunks</b> stand out in 3 snapshots in a row", text)
    number = np.ravel_multi_index((1, 2, 0), GRID) + 1
    assert f"chunk {number} (2, 3, 1) from 15 ps on" in text
    seen = chunks_seen(read(tmp_path / "run.h5md"))
    assert seen.reference == 50 and np.flatnonzero(seen.first >= 0).tolist() == [number - 1]
    assert "Chunks that stand out" in text and "Where the box is unlike the rest" in text
    assert "M of each chunk" not in text


def test_chunks_of_no_grid_are_rows(tmp_path):
    write(tmp_path / "run.h5md", run(grid=None))
    page = report(tmp_path / "run.h5md", tmp_path / "run.html").read_text()
    assert "into 24 chunks, each" in page and "M of each chunk" in page
    assert re.search(r"chunk 11 from 15 ps on", page)
    assert "Where the box is unlike the rest" not in page


def test_what_begins_clearly_is_drawn_and_named_by_strength():
    """A chance crossing before an event has the first place in the list, not the map."""
    M = np.ones((100, 5))
    M[30:33, 0], M[60:, 3], M[60:, 1] = 1.9, 40.0, 90.0
    first = np.array([30, 60, -1, 60, -1])
    seen = ChunkMap(M, M, M > 2, first, 20, 0.05, 0.1)
    assert beginning(seen) == 60 and strength(seen).tolist() == [1.9, 90.0, 0.0, 40.0, 0.0]
    traj = run(T=100, grid=None)
    text = str(chunks_section._found(traj, seen))
    assert text.index("chunk 1 ") < text.index("chunk 2 ") < text.index("chunk 4 ")
    M[60:] = 1.5  # nothing is clear
    assert beginning(seen) == 30 and beginning(seen._replace(first=np.full(5, -1))) == 99


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"atoms": 2}, "chunks of the reference have 8 atoms or more, at least 4 are needed"),
        ({"T": 8}, "found 8 snapshots, expected more than 8, the first of which"),
    ],
)
def test_why_not(tmp_path, words, says):
    page = report(run(since=4, **words), tmp_path / "run.html").read_text()
    assert "Not shown: " in page and says in page


def test_nothing_happens_and_no_chunks(tmp_path):
    page = report(run(since=200), tmp_path / "run.html").read_text()
    assert "No chunk stands out in 3 snapshots in a row" in page
    traj = run()
    traj.chunks = None
    assert "unlike the rest" not in report(traj, tmp_path / "none.html").read_text()


def test_the_map_shows_the_voxel(tmp_path):
    """As a browser draws it: one bright field in each map, at its place."""
    report(run(), tmp_path / "run.html")
    screenshot(tmp_path / "run.html", tmp_path / "run.png", 2600)
    picture = matplotlib.image.imread(tmp_path / "run.png")[..., :3]
    yellow = (picture[..., 0] > 0.9) & (picture[..., 1] > 0.85) & (picture[..., 2] < 0.3)
    ys, xs = np.nonzero(yellow)
    assert len(ys) > 2000
    left, right = xs < 520, xs >= 520
    for side in (left, right):  # without the narrow bar of colours
        assert side.sum() > 800
