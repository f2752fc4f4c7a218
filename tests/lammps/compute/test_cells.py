"""Neighbours are all atoms within the cutoff, whatever the box, the ranks and LAMMPS's own lists: against a direct sum."""

import itertools

import numpy as np
import pytest

from blocks import METAL, assert_close, read_dump, read_global, run_dbar, write_global
from dbar import _kernels
from harness import run_lammps

CUTOFF = 4.7
COMPUTE = f"compute d all dbar bso4 {CUTOFF} twojmax 4 virial yes\n"
DUMP = "dump d all custom 1 dump.txt id type x y z\ndump_modify d format float %.17g\n"
END = "mass * 26.98\npair_style zero 8.0\npair_coeff * *\n"
SHAKEN = "displace_atoms all random 0.3 0.3 0.3 4711 units box\n" + END

FCC = METAL + "lattice fcc 4.05\n"
SMALL = FCC + "region b block 0 3 0 2 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n" + SHAKEN
BONDS = (
    METAL + "atom_style bond\nlattice fcc 4.05\nregion b block 0 3 0 3 0 3\n"
    "create_box 1 b bond/types 1 extra/bond/per/atom 12 extra/special/per/atom 60\ncreate_atoms 1 box\n"
    + SHAKEN
    + "bond_style zero\nbond_coeff 1 2.8\ncreate_bonds many all all 1 2.0 3.2\nspecial_bonds lj/coul 0 0 0\n"
)

# id: (script, periodic axes)
BOXES = {
    "tilt one half": (
        FCC
        + "region b prism 0 3 0 3 0 3 1.5 -1.5 1.5\ncreate_box 1 b\ncreate_atoms 1 box\n"
        + SHAKEN,
        "xyz",
    ),
    "tilt beyond": (
        "box tilt large\n"
        + FCC
        + "region b prism 0 3 0 3 0 3 4.0 -3.1 2.3\ncreate_box 1 b\ncreate_atoms 1 box\n"
        + SHAKEN,
        "xyz",
    ),
    "general triclinic": (
        METAL
        + "lattice custom 4.05 a1 1 0 0.2 a2 0.1 1 0 a3 0.3 -0.2 1 basis 0 0 0 basis 0.5 0.5 0 "
        "basis 0.5 0 0.5 basis 0 0.5 0.5 triclinic/general\ncreate_box 1 NULL -1 2 0 3 0 3\n"
        "create_atoms 1 box\n" + SHAKEN,
        "xyz",
    ),
    "shrink-wrapped": (
        FCC
        + "boundary s s s\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
        + SHAKEN,
        "",
    ),
    "atoms far away": (
        FCC
        + "boundary s s s\natom_modify sort 0 0\nneighbor 2.0 nsq\nregion b block -9000 9000 -9000 9000 -9000 9000\ncreate_box 1 b\n"
        "region a block 0 3 0 3 0 3\ncreate_atoms 1 region a\ncreate_atoms 1 single 8000 -7000 100\n"
        "create_atoms 1 single 8000 -7000.5 100\n" + SHAKEN,
        "",
    ),
    "two dimensions": (
        METAL + "dimension 2\nlattice hex 2.6\nregion b block 0 6 0 5 -0.1 0.1\ncreate_box 1 b\n"
        "create_atoms 1 box\ndisplace_atoms all random 0.3 0.3 0 4711 units box\n" + END,
        "xy",
    ),
    "smaller than the cutoff": (
        FCC
        + "region b prism 0 1 0 1 0 1 0.3 0.2 -0.4\ncreate_box 1 b\ncreate_atoms 1 box\n"
        + SHAKEN,
        "xyz",
    ),
    "one atom": (
        METAL
        + "lattice sc 2.9\nregion b block 0 1 0 1 0 1\ncreate_box 1 b\ncreate_atoms 1 box\n"
        + END,
        "xyz",
    ),
    "one atom, open": (
        METAL + "boundary f f f\nlattice sc 2.9\nregion b block 0 9 0 9 0 9\ncreate_box 1 b\n"
        "create_atoms 1 single 4 4 4\n" + END,
        "",
    ),
    "tiled": (
        FCC
        + "region b block 0 4 0 4 0 4\nregion a block 0 2 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 region a\n"
        "create_atoms 1 single 3 3 3\n" + SHAKEN + "comm_style tiled\nbalance 1.0 rcb\n",
        "xyz",
    ),
    "tiled and tilted": (
        FCC + "region b prism 0 4 0 3 0 3 1 0.5 -0.7\ncreate_box 1 b\nregion a block 1 3 0 3 0 3\n"
        "create_atoms 1 region a\n" + SHAKEN + "comm_style tiled\nbalance 1.0 rcb\n",
        "xyz",
    ),
    "ghosts far beyond": (SMALL + "comm_modify cutoff 25\n", "xyz"),
    "neighbor multi": (
        SMALL.replace("create_box 1", "create_box 2") + "neighbor 1.0 multi\n",
        "xyz",
    ),
    "neighbor nsq": (SMALL + "neighbor 1.0 nsq\n", "xyz"),
    "exclude": (SMALL + "group half id <> 1 40\nneigh_modify exclude group half all\n", "xyz"),
    "include": (
        SMALL.replace("array", "array first half")
        + "group half id <> 1 40\nneigh_modify include half\n",
        "xyz",
    ),
    "bonded pairs": (BONDS, "xyz"),
}


def direct(dump, periodic, step):
    """D and V of the atoms of a dump: each pair of each image is looked at."""
    _, cell, rows = read_dump(dump)[step]
    x = rows[:, 1:]
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    spread = np.ptp(x @ np.linalg.inv(cell), axis=0)
    images = [
        range(-n, n + 1) if axis in periodic else (0,)
        for axis, n in zip("xyz", np.ceil(CUTOFF / heights + spread).astype(int), strict=True)
    ]
    shifts = np.array(list(itertools.product(*images))) @ cell
    near = []
    for i in range(len(x)):
        r = (x[None] - x[i] + shifts[:, None]).reshape(-1, 3)
        distance = np.linalg.norm(r, axis=1)
        itself = np.zeros(len(r), bool)
        itself[len(x) * np.flatnonzero(~shifts.any(axis=1))[0] + i] = True
        near.append(r[(distance < CUTOFF) & ~itself])
    first = np.cumsum([0, *map(len, near)]).astype(np.int32)
    r = np.concatenate(near)
    kernel = _kernels.Kernel("bso4", CUTOFF, ["twojmax", "4"], 1)
    types = np.zeros(len(x), np.int32), first, r, np.zeros(len(r), np.int32)
    D, V = kernel.compute(*types, virial=True)
    return np.r_[len(x), D], np.r_[np.zeros((1, 6)), V]


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    """{ranks: folder} where all boxes were evaluated by one LAMMPS, box after box."""
    folders = {}
    for ranks in (1, 2, 3, 4):
        script = ""
        for number, (box, _) in enumerate(BOXES.values()):
            out = write_global("c_d", f"D{number}.txt") + write_global("c_d", f"V{number}.txt", 6)
            script += f"clear\n{box}{DUMP}{COMPUTE}{out}run 0\n".replace("dump.", f"dump{number}.")
        folders[ranks] = tmp_path_factory.mktemp(f"ranks{ranks}")
        run_lammps(folders[ranks], script, np=ranks)
    return folders


@pytest.mark.parametrize("case", BOXES, ids=str)
def test_all_atoms_within_the_cutoff(sums, case):
    number, periodic = list(BOXES).index(case), BOXES[case][1]
    D, V = direct(sums[1] / f"dump{number}.txt", periodic, 0)
    for folder in sums.values():
        assert_close(read_global(folder / f"D{number}.txt")[:, 0], D, 1e-12)
        found = read_global(folder / f"V{number}.txt")
        assert np.abs(found - V).max() <= 1e-12 * np.abs(V).max()


def test_respa(lammps, tmp_path):
    script = SMALL.replace(
        "pair_style zero 8.0\npair_coeff * *", "pair_style lj/cut 8.0\npair_coeff * * 0.1 1.9"
    )
    script += (
        "velocity all create 900 7\nfix nve all nve\nrun_style respa 2 2 pair 1\ntimestep 0.001\n"
    )
    D, V = run_dbar(lammps, script + DUMP + COMPUTE, np=2, run="run 7\n")
    expected = direct(tmp_path / "dump.txt", "xyz", 7)
    assert_close(D, expected[0], 1e-12)
    assert np.abs(V - expected[1]).max() <= 1e-12 * np.abs(expected[1]).max()


@pytest.mark.parametrize("check", ["yes", "no"])
def test_atoms_on_the_way_between_neighbor_lists(lammps, tmp_path, check):
    """At every step of a hot gas, also where ghosts are from steps ago."""
    script = SMALL.replace(
        "pair_style zero 8.0\npair_coeff * *", "pair_style lj/cut 8.0\npair_coeff * * 0.1 1.9"
    )
    script += f"velocity all create 9000 7\nfix nve all nve\ntimestep 0.001\nneigh_modify delay 0 every 5 check {check}\n"
    for steps in (3, 11, 24):
        D, _ = run_dbar(lammps, script + DUMP + COMPUTE, np=2, run=f"run {steps}\n")
        assert_close(D, direct(tmp_path / "dump.txt", "xyz", steps)[0], 1e-12)


# The cutoff of the pair style and its skin of 2 reach 8: just enough for a descriptor of 6 while atoms stay at home.
REACH = (
    FCC
    + "region b block 0 5 0 5 0 5\ncreate_box 1 b\ncreate_atoms 1 box\n"
    + (
        "mass * 26.98\npair_style zero 6.0\npair_coeff * *\ncompute d all dbar bso4 6.0 twojmax 2\n"
        "thermo_style custom step c_d[2]\nthermo 1\nfix nve all nve\nvelocity all set 0 0 0\ntimestep 0.001\n"
    )
)


@pytest.mark.parametrize("ranks", [1, 2])
def test_ghosts_that_no_longer_reach(lammps, ranks):
    """One atom crosses while neighbor lists are not made again: seen by what is there, with a way on."""
    script = (
        REACH + "group one id 7\nvelocity one set 0 1000 300 units box\nneigh_modify delay 100\n"
    )
    done = lammps(script + "run 20\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert "at step 2 ghost atoms reach 8" in done.errors[0], done.errors
    assert "Add the command: comm_modify cutoff 8.9" in done.errors[0]
    lammps(script + "comm_modify cutoff 31\nrun 20\n", np=ranks)


def test_box_that_leaves_its_ghosts_behind(lammps):
    """Images move with the box, further than any atom."""
    script = (
        REACH + "change_box all triclinic\nfix pull all deform 1 xy vel 900 remap none flip no\n"
    )
    script += "neigh_modify delay 100\n"
    done = lammps(script + "run 20\n", np=2, ok=False)
    assert len(done.errors) == 1 and "comm_modify cutoff" in done.errors[0], done.output[-2000:]


def test_left_out_ghosts_are_an_error(lammps):
    script = REACH.replace("array", "array first all").replace(
        "thermo_style", "comm_modify group all\nthermo_style"
    )
    lammps(script + "run 0\n")
    some = (
        REACH.replace("array", "array first half")
        + "group half id <> 1 40\ncomm_modify group half\n"
    )
    done = lammps(some + "run 0\n", np=2, ok=False)
    assert len(done.errors) == 1 and "comm_modify group" in done.errors[0]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("value", ["1e308*10", "1e308*10*0"], ids=["inf", "nan"])
def test_an_atom_without_a_position(lammps, ranks, value):
    """It is told with its number and step, not passed over as a neighbor less."""
    script = REACH + f"group one id 7\nvariable f equal {value}\nfix push one setforce v_f 0 0\n"
    done = lammps(script + "neigh_modify delay 100\nrun 20\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert "at step 1 atom 7 lies at" in done.errors[0], done.errors
