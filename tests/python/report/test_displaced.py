"""Which atoms moved: against displacements that are put in by hand."""

import numpy as np
import pytest

from dbar.report import report
from dbar.report.displaced import find_displaced
from dbar.trajectory import Snapshots, find_changes
from told import told

LEARN = [0] * 24


@pytest.fixture
def run():
    """Sixty-four atoms in a box that grows and drifts; two of them jump, one across the border."""
    run = told([*LEARN, *[1] * 20, 3, *LEARN], [(44, 44, 2)], jump=20.0)
    rows = [30, 43, 44, 45, 60]
    rng = np.random.default_rng(5)
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3) / 4 + 0.01
    position, edges, origin = [], [], []
    for n, row in enumerate(rows):
        size, corner = 10.0 + 0.1 * n, np.array([0.3, 0.0, -0.2]) * n
        x = grid + 0.003 * rng.normal(size=grid.shape) + 0.02 * n
        if row >= 44:
            x[7] += [0.2, 0.0, 0.0]
            x[20] -= [0.0, 0.15, 0.0]
        position.append(corner + size * (x % 1.0))
        edges.append(size * np.eye(3))
        origin.append(corner)
    ids = np.tile(np.arange(101, 165), (len(rows), 1))
    run.snapshots = Snapshots(
        run.step[rows], run.time[rows], np.array(position), ids, np.ones_like(ids),
        np.array(edges), np.array(origin),
    )  # fmt: skip
    return run


def test_atoms_that_jump_are_named(run, tmp_path):
    (change,) = find_changes(run)
    found = find_displaced(run, change)
    assert (found.before, found.after) == (run.step[43], run.step[45])
    assert found.id[:2].tolist() == [108, 121] and found.distance[2] < 0.3
    assert found.distance[:2] == pytest.approx([2.0, 1.5], abs=0.25)
    assert found.spacing == pytest.approx(10.3 / 4)
    assert found.sentence().startswith("2 of 64 atoms moved by more than half a spacing (1.3 ang")
    page = report(run, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "most of all 108 (" in page


def test_when_it_cannot_be_said(run):
    (change,) = find_changes(run)
    assert find_displaced(run, change, end=44) is None  # something else at once
    run.snapshots.id[3, 5] = 999
    assert find_displaced(run, change) is None  # another atom in the place of one that was lost
    run.snapshots = None
    assert find_displaced(run, change) is None
