"""What many runs cost to read: each is looked at once, and no kept position is read."""

import tracemalloc

import h5py
import numpy as np
import pytest

from dbar.online import merge
from dbar.trajectory import RunError, Snapshots, Trajectory, read, read_runs, write
from h5md_ensembles import run, write_runs


def kept(count, atoms=5):
    """Positions of so many snapshots."""
    ids = np.tile(np.arange(1, atoms + 1), (count, 1))
    step, cell = 100 * np.arange(1, count + 1), np.tile(np.eye(3), (count, 1, 1))
    zeros = np.zeros((count, atoms, 3))
    return Snapshots(step, 0.5 * step, zeros, ids, np.ones_like(ids), cell, np.zeros((count, 3)))


@pytest.mark.parametrize("learn", [read_runs, merge], ids=["read_runs", "merge"])
def test_kept_positions_are_not_read(tmp_path, monkeypatch, learn):
    paths = write_runs(tmp_path, 3, 60, snapshots=kept(60))
    for k, path in enumerate(paths):  # each with a replica number of its own
        traj = read(path)
        traj.monitor_config = {"replica": k}
        write(path, traj)
    seen, original = [], h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda d, *a, **k: seen.append(d.name) or original(d, *a, **k)
    )
    learn(paths)
    assert "/observables/dbar/D/value" in seen
    assert not [name for name in seen if name.startswith("/particles")]
    assert len(read(paths[0]).snapshots) == 60


def test_pairs_are_not_compared(tmp_path, monkeypatch):
    paths, calls, original = write_runs(tmp_path, 12, 20), [], np.array_equal
    monkeypatch.setattr(np, "array_equal", lambda *a, **k: calls.append(1) or original(*a, **k))
    assert len(read_runs(paths)) == 12
    assert len(calls) <= 12


def test_the_same_snapshots_are_found(tmp_path):
    paths = write_runs(tmp_path, 4, 20)
    one = read(paths[1])
    one.D[:, 2] = 0.0
    write(paths[1], one)
    one.D[:, 2] = -0.0  # equal, and other bytes
    write(paths[3], one)
    with pytest.raises(RunError, match=r"run3.h5md: holds the same snapshots as .*run1.h5md"):
        read_runs(paths)


def test_the_check_makes_no_copy_of_all_runs(tmp_path):
    paths = write_runs(tmp_path, 20, 400)
    tracemalloc.start()
    runs = read_runs(paths)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - now < 0.5 * sum(D.nbytes for D in runs.D)


def test_what_never_changes_is_that_of_all_runs_together(tmp_path):
    paths = []
    for k in range(3):
        traj, _ = run(k, 20)
        x = traj.D[:, 1:] / traj.D[:, :1]
        x[:, 1], x[:, 2] = 7.0, float(k)  # the same in all runs, and in each
        paths.append(str(tmp_path / f"{k}.h5md"))
        write(paths[-1], Trajectory(np.hstack([traj.D[:, :1], x * traj.D[:, :1]]), time=traj.time))
    assert read_runs(paths).notes == [
        "1 of 8 descriptors never change (component 2): they are left out"
    ]
