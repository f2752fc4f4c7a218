"""Windows of `fix dbar/stream` that lack samples: left out, and the run goes on with the next."""

import pytest

from blocks import METAL
from dbar.trajectory import read

SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\n"
)
PAIR = "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\ncompute d all dbar bso4 4.7 twojmax 2\n"
FIXES = (
    "fix nve all nve\n"
    "fix watch all dbar/stream 5 4 20 d store run.h5md monitor none thermo 2 pe press\n"
)
START = SYSTEM + PAIR + "velocity all create 900 7\n"


def steps(folder):
    return list(read(folder / "run.h5md").step)


def test_a_fix_that_begins_inside_a_window(lammps, tmp_path):
    """Energy and pressure must be asked for at the next snapshot, also by a window that gave none."""
    lammps(START + "fix nve all nve\nrun 85\nunfix nve\n" + FIXES + "run 80\n", np=2)
    assert steps(tmp_path) == [120, 140, 160]


def test_a_restart_with_other_windows(lammps, tmp_path):
    longer = FIXES.replace("5 4 20", "5 3 20")
    lammps(START + longer.replace("run.h5md", "a.h5md") + "run 50\nwrite_restart r.50\n")
    lammps(METAL + "read_restart r.50\n" + PAIR + FIXES + "run 60\n")
    assert steps(tmp_path) == [80, 100]


@pytest.mark.parametrize(("iterations", "first"), [(3, 60), (22, 80)])
def test_a_minimization_inside_a_window(lammps, tmp_path, iterations, first):
    """Two samples before it and two after it are not a window, however the steps fall."""
    relax = f"minimize 0 0 {iterations} 1000\n"
    done = lammps(START + FIXES + "run 30\n" + relax + "print 'AT $(step)'\nrun 60\n", np=2)
    assert f"AT {30 + iterations}" in done.output
    assert steps(tmp_path)[:2] == [20, first]


def test_frames_missing_in_a_rerun(lammps, tmp_path):
    lammps(START + "fix nve all nve\ndump d all custom 5 all.dump id type x y z ix iy iz\nrun 80\n")
    frames = (tmp_path / "all.dump").read_text().split("ITEM: TIMESTEP\n")[1:]
    wanted = [5, 10, 35, 40, 45, 50, 55, 60]
    kept = [text for text in frames if int(text.split()[0]) in wanted]
    (tmp_path / "some.dump").write_text("".join("ITEM: TIMESTEP\n" + text for text in kept))
    lammps(SYSTEM + PAIR + FIXES + "rerun some.dump dump x y z ix iy iz\n")
    assert steps(tmp_path) == [60]


def test_pre_no_after_a_minimization_alone(lammps):
    """LAMMPS sets no run up, and so the stream is not: an error on 2 ranks."""
    done = lammps(START + FIXES + "minimize 0 0 3 1000\nrun 20 pre no\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert "Fix dbar/stream" in done.errors[0] and "run pre no" in done.errors[0]
