"""Snapshot adaptive keeps the positions of the snapshot before, at and after a change, on any number of ranks."""

import numpy as np
import pytest

from blocks import METAL
from dbar.trajectory import read

SHEAR = "fix deform all deform 1 xy erate 8.0 remap v\nbox tilt large\n"
SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b prism 0 4 0 4 0 4 0 0 0\ncreate_box 2 b\n"
    "create_atoms 1 box\nmass * 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al Al\n"
    "velocity all create 1800 7\nset group all type/fraction 2 0.3 8123\ngroup some type 2\n"
    "neigh_modify delay 0 every 1 check no\n"
)
COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
# The reference for what is kept: every snapshot, by another fix.
ALL = "fix e {group} dbar/stream 1 5 5 d store every.h5md snapshot every 1 monitor none\n"
STREAM = (
    "fix s {group} dbar/stream 1 5 5 d store run.h5md snapshot adaptive {share} python state:say\n"
)
STATE = "STATES = {states}\n\ndef say(step):\n    return STATES.get(step, 1)\n"


def states(tmp_path, said):
    (tmp_path / "state.py").write_text(STATE.format(states=said))


def same_positions(kept, every):
    """The kept rows are those of the fix that keeps all of them, atom by atom."""
    assert np.all(np.diff(kept.step) > 0)
    rows = np.searchsorted(every.step, kept.step)
    for name in ("step", "time", "id", "species", "edges", "origin"):
        assert np.array_equal(getattr(kept, name), getattr(every, name)[rows]), name
    assert np.array_equal(kept.position, every.position[rows], equal_nan=True)


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("group", ["all", "some"])
def test_before_at_and_after_a_change(lammps, tmp_path, ranks, group):
    """Atoms change their rank between the snapshots, and the box is sheared and flips."""
    states(tmp_path, {s: 3 for s in (75, 80, 85, 90, 155, 175)} | {170: 2})
    script = SYSTEM + SHEAR + COMPUTE + (ALL + STREAM).format(group=group, share=0.01)
    lammps(script + "run 200\n", np=ranks)
    every, run = read(tmp_path / "every.h5md").snapshots, read(tmp_path / "run.h5md")
    first = 5  # the monitor learns, and there is a credit
    assert list(run.snapshots.step) == [first, 70, 75, 80, 150, 155, 160, 170, 175, 180]
    assert len(every) == 40
    same_positions(run.snapshots, every)
    moved = np.abs(every.position[14] - every.position[13])
    assert np.nanmax(moved) > 0.01  # so that one snapshot cannot be taken for the next


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_without_atoms(lammps, tmp_path, ranks):
    states(tmp_path, {25: 3})
    script = "processors * 1 1\n" + METAL
    script += (
        "boundary f f f\nlattice fcc 4.05\nregion b block 0 30 0 4 0 4\ncreate_box 1 b\n"
        "region corner block 0 3 0 3 0 3\ncreate_atoms 1 region corner\nmass 1 26.98\n"
        "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    )
    script += COMPUTE + (ALL + STREAM).format(group="all", share=0.01) + "run 40\n"
    lammps(script, np=ranks)
    every, run = read(tmp_path / "every.h5md").snapshots, read(tmp_path / "run.h5md")
    assert list(run.snapshots.step) == [5, 20, 25, 30]
    same_positions(run.snapshots, every)


def test_atoms_that_come_and_go(lammps, tmp_path):
    """The snapshot before has the atoms that were there then."""
    states(tmp_path, {50: 3})
    script = SYSTEM + COMPUTE + (ALL + STREAM).format(group="all", share=0.01)
    script += "thermo_modify lost ignore\nrun 45\ndelete_atoms random count 40 yes some NULL 99 compress no\n"
    lammps(script + "run 15\n", np=2)
    every, run = read(tmp_path / "every.h5md").snapshots, read(tmp_path / "run.h5md")
    assert list(run.snapshots.step) == [5, 45, 50, 55]
    same_positions(run.snapshots, every)
    assert [(row > 0).sum() for row in run.snapshots.id] == [256, 256, 216, 216]


def test_after_a_restart_the_change_itself_is_kept(lammps, tmp_path):
    """What the process before knew of its last snapshot has gone with it."""
    states(tmp_path, {50: 3, 65: 3})
    watch = COMPUTE + STREAM.format(group="all", share=0.01)
    lammps(SYSTEM + watch + "run 45\nwrite_restart r.45\n", np=2)
    again = METAL + "read_restart r.45\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al Al\n"
    lammps(again + watch + "run 30\n", np=2)
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == list(range(5, 76, 5))
    assert list(run.snapshots.step) == [5, 50, 55, 60, 65, 70]
