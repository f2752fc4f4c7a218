"""A loop with `clear` over one store: each run's file is kept under a number, none is overwritten."""

import pytest

from blocks import ARGON
from dbar.trajectory import read

LOOP = (
    "variable i loop 4\nlabel again\nclear\n"
    + ARGON
    + "velocity all create 30 7\nfix n all nve\ncompute d all dbar bso4 6.0 twojmax 2\n"
    "fix w all dbar/stream 5 4 20 d store run.h5md monitor none\nrun $(20*v_i)\n"
    "next i\njump SELF again\n"
)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_loop_with_clear_loses_no_run(lammps, tmp_path, ranks):
    """The run of round i has i snapshots."""
    lammps(LOOP, np=ranks)
    files = sorted(file.name for file in tmp_path.glob("run.h5md*"))
    assert [name for name in files if "bck" in name] == [f"run.h5md.bck.{k}" for k in range(3)]
    rounds = [*(f"run.h5md.bck.{k}" for k in range(3)), "run.h5md"]
    assert [len(read(tmp_path / name)) for name in rounds] == [1, 2, 3, 4]
    lammps(LOOP, np=ranks)  # and a second run of the script
    assert len(list(tmp_path.glob("run.h5md.bck.*"))) == 7
    assert [len(read(tmp_path / f"run.h5md.bck.{k}")) for k in range(7)] == [1, 2, 3, 4, 1, 2, 3]
