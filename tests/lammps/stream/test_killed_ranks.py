"""kill -9 of a rank that has no Python, and of a world of several: mpirun ends, stores are whole."""

import random

import numpy as np
import pytest

from blocks import METAL
from dbar.files.filelock import is_locked
from dbar.online.replica_file import read_statistics
from dbar.trajectory import read
from killed import WATCH, seen, signal_rank

SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\nvelocity all create 900 7\n"
    "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
)
STREAM = (
    "fix s all dbar/stream 2 5 10 d store {store} snapshot every 2 monitor monitor.toml"
    " python watch:observe {more}\nthermo 1000\nrun 1000000\n"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "watch.py").write_text(WATCH)
    (tmp_path / "monitor.toml").write_text("min_snapshots = 12\nlatent_dim = 3\n")
    return tmp_path


def check_store(path, steps):
    """Every snapshot is there but for, at most, the one in flight."""
    run = read(path)
    assert list(run.step) in (steps, steps[:-1])
    assert np.isfinite(run.D).all() and (run.D[:, 0] == 256).all()
    assert not is_locked(path)


def kill_twice(folder, check, **how):
    """At two random moments (seed 22); the rare mpirun that sees nothing is not met twice."""
    moments, ended = random.Random(22), []
    for _ in range(2):
        pids, alone = signal_rank(folder, moments.uniform(0.1, 0.5), **how)
        check(pids, seen(folder))
        ended.append(alone)
    assert any(ended)


def test_rank_1_of_2(folder):
    """The store is written by rank 0, which is ended from outside."""
    script = SYSTEM + STREAM.format(store="run.h5md", more="")
    (folder / "in.test").write_text(script)
    kill_twice(folder, lambda pids, steps: check_store(folder / "run.h5md", steps[pids[0]]), rank=1)


def test_a_rank_of_one_world(folder):
    script = STREAM.format(store="run.${w}.h5md", more="ensemble yes")
    (folder / "in.test").write_text("variable w world 0 1\n" + SYSTEM + script)

    def check(pids, steps):
        for w in range(2):
            check_store(folder / f"run.{w}.h5md", steps[pids[w]])
        published = [read_statistics(path) for path in (folder / "s.ensemble").glob("*.stat")]
        assert {note.replica for note, _ in published} <= {0, 1}

    kill_twice(folder, check, rank=1, args=("-partition", "2x1"), worlds=2)
