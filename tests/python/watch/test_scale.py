"""What a frame of a long run costs: rows that are new are read, and the others are not copied."""

import h5py
import numpy as np
import pytest

from dbar.trajectory import Trajectory, summary, write
from dbar.trajectory.summary import strain_axis
from dbar.watch import about
from dbar.watch.follow import Follower
from dbar.watch.growing import Growing


def run(n, pulled):
    rng, time = np.random.default_rng(0), 0.5 * np.arange(n)
    length = 40.0 * (1.0 + 2e-4 * time) if pulled else 40.0 + 0.1 * rng.normal(size=n)
    observables = {"pe": rng.normal(size=n), "press": rng.normal(size=n), "pxx": rng.normal(size=n)}
    return Trajectory(
        rng.normal(size=(n, 4)) + 9.0, time=time, step=10 * np.arange(n),
        observables=observables | {f"l{axis}": length.copy() for axis in "xyz"},
        monitor={"state": np.ones(n, int), "M": rng.random(n), "tau_pred": rng.random(n)},
        estimates={"pe": rng.random((n, 4))}, parameters={"units": "metal"},
    )  # fmt: skip


def show(path, count):
    """Let a file end with so many rows, as if the others were not written yet."""
    with h5py.File(path, "r+", libver="latest") as file:
        step = file["observables/dbar/D/step"]
        step.resize((count,))
        step[:] = 10 * np.arange(count)


def test_rows_known_are_neither_read_nor_copied(tmp_path, monkeypatch):
    path, whole = tmp_path / "a.h5md", run(300, False)
    write(path, whole)
    show(path, 200)
    follower = Follower(path)
    follower.poll()
    read, joined, copied, original = [], [], [], h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset,
        "__getitem__",
        lambda d, key: read.append(np.size(out := original(d, key))) or out,
    )
    for name in ("concatenate", "append", "vstack"):
        monkeypatch.setattr(np, name, lambda *a, **k: joined.append(1))
    for count in range(201, 231):
        room = follower.run.time.base
        show(path, count)
        read.clear()
        assert follower.poll() and len(follower.run) == count
        assert max(read) <= 4 and not joined
        copied.append(follower.run.time.base is not room)
    assert sum(copied) <= 1  # one in as many rows as a quarter of them
    got = follower.run
    monkeypatch.undo()
    for mine, theirs in (
        (got.observables, whole.observables), (got.monitor, whole.monitor),
        (got.estimates, whole.estimates), ({"t": got.time}, {"t": whole.time}),
    ):  # fmt: skip
        for name, column in theirs.items():
            np.testing.assert_array_equal(mine[name], column[:230])


def test_a_column_keeps_what_it_gave():
    column, given = Growing(), []
    for k in range(50):
        given.append(column.extend(k, np.array([float(k)])))
    for k, rows in enumerate(given):
        np.testing.assert_array_equal(rows, np.arange(k + 1.0))


@pytest.mark.parametrize(("pulled", "fits"), [(True, 1), (False, 0)])
def test_a_frame_fits_a_line_once_at_most(tmp_path, monkeypatch, pulled, fits):
    path, whole = tmp_path / "a.h5md", run(2000, pulled)
    write(path, whole)
    follower, calls, original = Follower(path), [], np.polyfit
    follower.poll()
    monkeypatch.setattr(
        summary.np, "polyfit", lambda x, *a, **k: calls.append(len(x)) or original(x, *a, **k)
    )
    shown = about.about_run("a", follower, True)
    assert sum(size == 2000 for size in calls) == fits
    assert shown["stress_name"] == ("stress" if pulled else "pressure")


def test_the_axis_is_the_same_as_of_all_snapshots():
    """Lines of every roughness: a few snapshots refuse none that all of them would take."""
    rng, time, found = np.random.default_rng(1), np.arange(3000.0) + 500.0, []
    for rough in np.logspace(-8, -4, 40):
        length = 40.0 * (1.0 + 1e-5 * time + rough * rng.uniform(-1, 1, 3000))
        slope, start = np.polyfit(time, length, 1)
        straight = np.abs(length - start - slope * time).max() < 1e-6 * start
        traj = Trajectory(np.ones((3000, 2)), time=time, observables={"lx": length})
        assert (strain_axis(traj) is not None) == straight
        found.append(straight)
    assert True in found and False in found
