"""The boundary of each kept frame: it can change while a run goes on, and files of before said it once."""

import h5py
import numpy as np
import pytest

from dbar.report.displaced import find_displaced
from dbar.report.where import frame_atoms
from dbar.store import Store
from dbar.targets import rdf
from dbar.trajectory import Snapshots, Trajectory, read, write
from dbar.trajectory.changes import Change
from streams import BOX, MONITOR, fill, header, stream

BOUNDARY = [[True, True, True], [True, True, False], [False, True, True]]


def frame(store, step, periodic, atoms=4):
    x = np.arange(1.0, 3 * atoms + 1).reshape(atoms, 3)
    ids = np.arange(1, atoms + 1)
    store.keep(step, 0.1 * step, ids, np.ones(atoms, int), x, BOX, np.array(periodic))


def of_before(path):
    with h5py.File(path, "r+") as file:
        del file["particles/snapshots/box/periodic"]
        file["particles/snapshots/box"].attrs["boundary"] = np.array(
            [b"periodic", b"none", b"none"]
        )


def test_each_frame_has_its_own(tmp_path):
    store = Store(tmp_path / "run.h5md", header())
    fill(store, stream(3))
    for step, periodic in zip((100, 200, 300), BOUNDARY, strict=True):
        frame(store, step, periodic)
    store.close()
    run = read(tmp_path / "run.h5md")
    assert run.snapshots.periodic.tolist() == BOUNDARY
    assert [frame_atoms(run.snapshots, k).pbc.tolist() for k in range(3)] == BOUNDARY
    assert read(tmp_path / "run.h5md", after=100).snapshots.periodic.tolist() == BOUNDARY[1:]
    write(tmp_path / "copy.h5md", run)
    assert read(tmp_path / "copy.h5md").snapshots.periodic.tolist() == BOUNDARY


def test_files_of_before_say_it_once_and_go_on(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    fill(store, stream(3), keep=1)
    store.close()
    of_before(path)
    assert read(path).snapshots.periodic.tolist() == [[True, False, False]] * 3
    rows = stream(4)
    again = Store(path, header(), step=rows[2][0], restarted=True, say=[].append)
    again.append(*rows[3], MONITOR)
    frame(again, rows[3][0], BOUNDARY[1])
    again.close()
    assert read(path).snapshots.periodic.tolist() == [[True, False, False]] * 3 + BOUNDARY[1:2]


def kept(periodic):
    """Two atoms 8 apart across z in a box of 10: two when it is open, one period less when not."""
    x = np.array([[5.0, 5.0, 1.0], [5.0, 5.0, 9.0]])
    return Snapshots(
        np.array([0, 10]), np.array([0.0, 1.0]), np.array([x, x]), np.array([[1, 2]] * 2),
        np.ones((2, 2), int), np.array([10.0 * np.eye(3)] * 2), np.zeros((2, 3)), periodic,
    )  # fmt: skip


def test_distances_are_those_of_each_frame():
    _, g = rdf(kept([[True, True, True], [True, True, False]]), 3.0, 3)
    assert g[0, 2] > 0 and not g[1].any()
    _, g = rdf(kept([[True, True, False], [True, True, True]]), 3.0, 3)
    assert g[1, 2] > 0 and not g[0].any()


def test_moves_go_through_a_boundary_that_both_frames_have():
    def distance(periodic):
        snapshots = kept(periodic)
        snapshots.position[1, :, 2] = [8.5, 9.0]
        run = Trajectory(
            np.ones((4, 2)), step=[0, 5, 10, 15], time=[0, 0.5, 1, 1.5], snapshots=snapshots
        )
        return find_displaced(run, Change(1, 5, 0.5, 2, 2)).distance.max()

    whole, none = [True] * 3, [True, True, False]
    assert distance([whole, whole]) < 2
    assert distance([whole, none]) == distance([none, whole]) == distance([none, none]) > 3


@pytest.mark.parametrize("periodic", [(True, True), [[True] * 3], True])
def test_other_shapes_are_refused(periodic):
    with pytest.raises(ValueError, match=r"periodic has shape .*, expected \(3,\) or \(2, 3\)"):
        kept(periodic)
