"""The compute of a stream between two runs: the same settings go on, others are an error on all ranks."""

import numpy as np
import pytest

from blocks import METAL
from dbar.trajectory import read

SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    "velocity all create 300 7\nfix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
    "fix s all dbar/stream 1 1 10 d store run.h5md\nrun 30\nuncompute d\n"
)


@pytest.mark.parametrize("np_", [1, 2])
def test_another_compute_of_that_name(lammps, tmp_path, np_):
    """A larger one would write behind the arrays that were made for the first."""
    script = SYSTEM + "compute d all dbar bso4 4.7 twojmax 8\nrun 30\n"
    done = lammps(script, np=np_, ok=False)
    assert done.returncode != 0
    assert any("compute d has settings" in line and "unfix s" in line for line in done.errors)
    assert list(read(tmp_path / "run.h5md").step) == [10, 20, 30]


def test_the_same_compute_again(lammps, tmp_path):
    lammps(SYSTEM + "compute d all dbar bso4 4.7 twojmax 2\nrun 30\n")
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == list(10 * np.arange(1, 7)) and np.isfinite(run.D).all()
