"""Windows of `fix dbar/stream` that lack samples: left out, and the run goes on with the next."""

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
