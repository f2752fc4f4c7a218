"""Averages of atoms that go far and cross the boundary, against averages made in the test from every sample."""

import numpy as np
import pytest

from blocks import METAL, read_dump
from crystal import same_lattice
from dbar.trajectory import read

# fast atoms: several length units in a window of four samples
GAS = METAL + (
    "timestep 0.02\nboundary {boundary}\nregion b {region}\ncreate_box 1 b\n"
    "create_atoms 1 random 60 4711 NULL\nmass 1 40\npair_style zero 5.0\npair_coeff * *\n"
    "neighbor 7.0 bin\nneigh_modify every 1 delay 0 check yes\nvelocity all create 600 7\n"
    "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
)
BLOCK, PRISM = "block 0 16 0 16 0 16", "prism 0 16 0 16 0 16 5 -3 7"
STREAM = "fix s all dbar/stream 5 4 20 d store run.h5md snapshot every 1 monitor none thermo none\n"
WATCH = "dump d all custom 5 dump.txt id xu yu zu\ndump_modify d format float %.17g\n"
FLAGS = "set atom 1*20 image 1 -2 3\n"  # of atoms that have others


def gas(region=BLOCK, boundary="p p p"):
    return GAS.format(region=region, boundary=boundary)


def assert_averaged(folder, frames, steps, periodic=(True, True, True)):
    """Kept positions are means of unwrapped ones: as fractions of the cell along periodic axes."""
    run, open_ = read(folder / "run.h5md"), ~np.array(periodic)
    assert list(run.step) == steps
    for k, step in enumerate(steps):
        lo_end, cell_end, _ = frames[step]
        mean = 0.0
        for back in range(4):
            lo, cell, x = frames[step - 5 * back]
            cell = same_lattice(cell, cell_end) if all(periodic) else cell
            cell, lo = cell.copy(), lo.copy()
            cell[open_, open_], lo[open_] = 1.0, 0.0
            mean = mean + (x - lo) @ np.linalg.inv(cell) / 4
        end = cell_end.copy()
        end[open_, open_] = 1.0
        off = (run.snapshots.position[k] - np.where(open_, 0.0, lo_end)) @ np.linalg.inv(end) - mean
        off -= np.round(off) * periodic
        assert np.abs(off).max() < 1e-9 / 16, (step, np.abs(off).max())


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("region", [BLOCK, PRISM], ids=["orthogonal", "triclinic"])
@pytest.mark.parametrize("between", ["", "run 0\n"], ids=["", "and run 0"])
def test_image_flags_set_inside_a_window(lammps, tmp_path, region, between, ranks):
    """They mean nothing: an atom goes on at the image nearest to where it was."""
    script = gas(region) + FLAGS
    lammps(script + STREAM.replace("run.h5md", "not.h5md") + WATCH + "run 31\nrun 29\n", np=ranks)
    set_ = "set group all image 0 0 0\n" + between
    lammps(script + STREAM + "run 31\n" + set_ + "run 29\n", np=ranks)
    frames = read_dump(tmp_path / "dump.txt")
    assert np.linalg.norm(frames[20][2] - frames[5][2], axis=1).max() > 2.0
    assert_averaged(tmp_path, frames, [20, 40, 60])


@pytest.mark.parametrize("ranks", [1, 2])
def test_image_flags_set_after_a_restart_inside_a_window(lammps, tmp_path, ranks):
    script = gas(PRISM) + FLAGS + STREAM
    lammps(script.replace("run.h5md", "not.h5md") + WATCH + "run 40\n", np=ranks)
    lammps(script + "run 31\nwrite_restart r\n", np=ranks)
    again = "fix nve" + script.split("fix nve")[1].replace(FLAGS, "")
    start = "read_restart r\npair_style zero 5.0\npair_coeff * *\n" + (
        "neighbor 7.0 bin\nneigh_modify every 1 delay 0 check yes\ntimestep 0.02\n"
        "set group all image 0 0 0\n"
    )
    lammps(METAL + start + again + "run 9\n", np=ranks)
    assert_averaged(tmp_path, read_dump(tmp_path / "dump.txt"), [20, 40])


def test_a_rerun_without_image_flags(lammps, tmp_path):
    """Half the atoms cross the boundary inside windows; nothing but wrapped positions is read."""
    wrapped = "dump w all custom 5 w.txt id type x y z\ndump_modify w format float %.17g\n"
    lammps(gas(PRISM) + WATCH + wrapped + "run 40\n", np=2)
    lammps(gas(PRISM) + STREAM + "rerun w.txt dump x y z\n", np=2)
    frames = read_dump(tmp_path / "dump.txt")
    lo, cell, _ = frames[0]
    at = [np.floor((frames[n][2] - lo) @ np.linalg.inv(cell)) for n in (25, 40)]
    assert (at[0] != at[1]).any(axis=1).mean() > 0.1
    assert_averaged(tmp_path, frames, [20, 40])


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    "region", ["prism 0 16 0 16 0 16 40 0 0", "prism 0 16 0 16 0 16 0 -23 33"], ids=["xy", "xz yz"]
)
def test_tilts_of_more_than_the_box(lammps, tmp_path, region, ranks):
    """A short way is a long one in fractions of such a cell."""
    lammps(gas(region) + WATCH + STREAM + "run 40\n", np=ranks)
    assert_averaged(tmp_path, read_dump(tmp_path / "dump.txt"), [20, 40])


@pytest.mark.parametrize("ranks", [1, 2])
def test_box_that_flips_while_atoms_go_far(lammps, tmp_path, ranks):
    """In its second window, with flags set before the flip."""
    shear = "fix f all deform 1 xy erate 0.757 remap x flip yes\n"
    script = gas("prism 0 16 0 16 0 16 0 0 0").replace("create 600", "create 100") + FLAGS + shear
    lammps(script + STREAM.replace("run.h5md", "not.h5md") + WATCH + "run 31\nrun 29\n", np=ranks)
    lammps(script + STREAM + "run 31\nset group all image 0 0 0\nrun 29\n", np=ranks)
    frames = read_dump(tmp_path / "dump.txt")
    assert np.ptp([frames[n][1][1, 0] for n in (25, 30, 35, 40)]) > 8.0
    assert_averaged(tmp_path, frames, [20, 40, 60])


@pytest.mark.parametrize("ranks", [1, 2])
def test_sheared_box_that_is_open_where_it_leans(lammps, tmp_path, ranks):
    """LAMMPS never flips such a box: a tilt that grows by more than a length unit is no flip."""
    shear = "fix f all deform 1 xy erate 1.2 remap x\n"
    lammps(
        gas("prism 0 16 0 16 0 16 0 0 0", "m p p") + shear + WATCH + STREAM + "run 20\n", np=ranks
    )
    frames = read_dump(tmp_path / "dump.txt")
    assert frames[20][1][1, 0] - frames[15][1][1, 0] > 1.5
    assert_averaged(tmp_path, frames, [20], (False, True, True))


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_boundary_that_changes_inside_a_window(lammps, tmp_path, ranks):
    """Positions along an open axis and fractions along a periodic one have no mean: no snapshot, and the run goes on."""
    slow = gas().replace("create 600", "create 3")
    inside = "change_box all boundary p p f\n"
    lammps(slow + STREAM + "run 31\n" + inside + "run 29\n", np=ranks)
    assert list(read(tmp_path / "run.h5md").step) == [20, 60]


@pytest.mark.parametrize("ranks", [1, 2])
def test_an_atom_that_goes_half_the_box_between_two_samples(lammps, tmp_path, ranks):
    """Its image is in doubt: one error on all ranks, at the snapshot, and no row of it."""
    fast = "group fast id 7\nvelocity fast set 0 -90 0\n"
    done = lammps(gas() + STREAM + "run 21\n" + fast + "run 20\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert "Fix dbar/stream: an atom (ID 7) at step 25 moves by 9 in 5 steps" in done.errors[0]
    assert ", more than half the box, 16, along y" in done.errors[0]
    assert "expected a smaller Nevery" in done.errors[0]
    assert list(read(tmp_path / "run.h5md").step) == [20]


def test_where_it_is_open_or_alone_in_its_window_it_may(lammps):
    thin = "block 0 16 0 8 0 16"
    fast = "group fast id 7\nvelocity fast set 0 -50 0\n"
    two = STREAM.replace("5 4 20", "5 2 20")
    lammps(gas(thin, "p m p") + fast + two + "run 20\n", np=2)
    lammps(
        gas(thin) + fast + two.replace("5 2 20", "5 1 20").replace("run.h5", "one.h5") + "run 20\n"
    )
    done = lammps(gas(thin) + fast + two.replace("run.h5", "two.h5") + "run 20\n", ok=False)
    assert "ID 7" in done.errors[0]


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_box_sheared_by_half_of_it_between_two_samples(lammps, tmp_path, ranks):
    """Whether it flipped cannot be told from the box."""
    shear = "fix f all deform 1 xz erate 6 remap x flip yes\n"
    script = gas("prism 0 16 0 16 0 16 0 0 0") + shear
    done = lammps(script + STREAM + "run 20\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert "Fix dbar/stream: the box at step 5 is sheared by 9.6 in 5 steps" in done.errors[0]
    assert "its length, 16, along x: whether it flipped is in doubt" in done.errors[0]
