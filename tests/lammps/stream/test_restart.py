"""Interrupted runs: write_restart/read_restart lose and double nothing; kill -9 costs at most one snapshot."""

import os
import random
import shutil
import signal

import numpy as np
import pytest

from dbar.files.filelock import is_locked
from dbar.trajectory import read
from killed import WATCH, seen, signal_rank
from restarts import AGAIN, MONITOR, START, STREAM, WINDOW


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    return tmp_path


def same_run(found, expected):
    """Equal streams. MD after a restart differs by rounding, which 200 steps amplify to below 1e-8."""
    assert list(found.step) == list(expected.step)
    np.testing.assert_allclose(found.time, expected.time, rtol=1e-12)
    np.testing.assert_allclose(found.D, expected.D, rtol=1e-8)
    scale = np.abs(expected.V).max(axis=(0, 2, 3))[:, None, None] + 1e-300
    assert (np.abs(found.V - expected.V) / scale).max() < 1e-8
    for name, values in expected.observables.items():
        np.testing.assert_allclose(
            found.observables[name], values, rtol=1e-6, atol=1e-3, err_msg=name
        )
    assert list(found.snapshots.step) == list(expected.snapshots.step)
    np.testing.assert_allclose(found.snapshots.position, expected.snapshots.position, atol=1e-6)


@pytest.mark.parametrize("stream", [STREAM, WINDOW], ids=["between windows", "inside a window"])
@pytest.mark.parametrize(
    "overrun", [0, 120], ids=["stopped at the restart file", "ran on and died"]
)
def test_continued_run_equals_undisturbed_run(lammps, folder, stream, overrun):
    lammps(START + stream + "run 237\nwrite_restart r.237\nrun 163\n", np=2)
    undisturbed = read(folder / "run.h5md")
    os.remove(folder / "run.h5md")

    lammps(START + stream + f"run 237\nwrite_restart r.237\nrun {overrun}\n", np=2)
    lammps(AGAIN + stream + "run 163\n", np=2)
    continued = read(folder / "run.h5md")
    same_run(continued, undisturbed)
    assert list(continued.monitor["refits"]) == list(undisturbed.monitor["refits"])
    np.testing.assert_allclose(
        continued.monitor["M"], undisturbed.monitor["M"], rtol=1e-5, equal_nan=True
    )


def test_outputs_survive_a_restart(lammps, folder):
    show = "print 'OUT $(f_s[5]) $(f_s[2])'\n"
    first = lammps(START + STREAM + f"run 237\nwrite_restart r.237\n{show}")
    again = lammps(AGAIN + STREAM + show)
    out = [run.output.split("OUT ")[-1].splitlines()[0] for run in (first, again)]
    assert out[0] == out[1] and out[0].startswith("23 ")


def kill_at_random(folder, wait, sig=signal.SIGKILL):
    """Start a long run, send rank 0 a signal after `wait` s of streaming.

    Returns the steps that the observer saw, and whether mpirun saw the end of the rank.
    """
    pids, alone = signal_rank(folder, wait, sig)
    return seen(folder)[pids[0]], alone


def test_kill_ten_times(lammps, folder):
    (folder / "watch.py").write_text(WATCH)
    stream = STREAM.replace("snapshot every 4", "snapshot every 2 python watch:observe")
    (folder / "in.test").write_text(START + stream + "thermo 1000\nrun 1000000\n")
    moments = random.Random(20)
    counts, ended = [], []
    for _ in range(10):
        seen, alone = kill_at_random(folder, moments.uniform(0.0, 0.6))
        ended.append(alone)
        run = read(folder / "run.h5md")
        assert list(run.step) in (seen, seen[:-1])
        assert np.isfinite(run.D).all() and (run.D[:, 0] == 256).all()
        kept = [] if run.snapshots is None else run.snapshots.step  # killed before the first
        assert set(kept) <= set(run.step)
        assert len(kept) >= (len(run) - 1) // 2
        if len(run) > max(counts, default=0):
            shutil.copy(folder / "run.h5md", folder / "killed.kept")
        counts.append(len(run))
    assert max(counts) > 5 and sum(ended) > 5

    # what such a kill left can be continued from a restart file: nothing lost, nothing doubled
    lammps(START + STREAM + "run 37\nwrite_restart r.237\n")
    shutil.copy(folder / "killed.kept", folder / "run.h5md")
    lammps(AGAIN + STREAM + "run 103\n")
    assert list(read(folder / "run.h5md").step) == list(range(10, 141, 10))


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT], ids=lambda sig: sig.name)
def test_signals_end_the_run_and_leave_every_snapshot(folder, sig):
    """What a queueing system sends before SIGKILL, and Ctrl-C, at random moments (seed 21): twice, and
    up to three times more while MPICH's mpirun has not seen the end of the rank.
    """
    (folder / "watch.py").write_text(WATCH)
    stream = STREAM.replace("snapshot every 4", "snapshot every 2 python watch:observe")
    (folder / "in.test").write_text(START + stream + "thermo 1000\nrun 1000000\n")
    moments, ended = random.Random(21), []
    while len(ended) < 2 or not (any(ended) or len(ended) >= 5):
        seen, alone = kill_at_random(folder, moments.uniform(0.0, 0.6), sig)
        ended.append(alone)
        run = read(folder / "run.h5md")
        assert list(run.step) in (seen, seen[:-1])
        assert np.isfinite(run.D).all()
        assert not is_locked(folder / "run.h5md")
    assert any(ended)
