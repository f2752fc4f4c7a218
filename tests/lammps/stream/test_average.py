"""The snapshots of `fix dbar/stream` against averages made in the test from dumped unwrapped positions."""

import numpy as np
import pytest
from ase import Atoms

from blocks import METAL, assert_close, read_dump
from crystal import same_lattice
from dbar.descriptors import Bispectrum
from dbar.trajectory import read

HOT = (
    METAL
    + "boundary {boundary}\nlattice fcc 4.05\n{region}\ncreate_box 1 b\n{create}\nmass 1 26.98\n"
    "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\nvelocity all create 5000 7\n"
    "velocity all set 15 -10 20 sum yes units box\nfix nve all nve\n"
    "neighbor 2.0 bin\nneigh_modify every 1 delay 0 check yes\n"
)
STREAM = (
    "compute d all dbar bso4 4.7 twojmax 4 virial yes\n"
    "fix s all dbar/stream 5 5 50 d store run.h5md snapshot every 1 monitor none\n"
    "dump d all custom 5 dump.txt id xu yu zu\ndump_modify d format float %.17g\n"
)
CASES = {
    "hot liquid": ("p p p", "block 0 4 0 4 0 4", "box", "run 200\n"),
    "hot cluster": ("f f f", "block -9 9 -9 9 -9 9", "region s", "run 150\n"),
    "stretched": (
        "p p p",
        "block 0 4 0 4 0 4",
        "box",
        "fix f all deform 1 x erate 1.6 z trate -1.0\nrun 150\n",
    ),
    "sheared, with box flips": (
        "p p p",
        "prism 0 4 0 4 0 4 0 0 0",
        "box",
        "fix f all deform 1 xy erate 2.6 remap v flip yes\nneighbor 2.5 bin\nrun 200\n",
    ),
}


def script(case):
    boundary, region, create, run = CASES[case]
    regions = f"region b {region}\nregion s sphere 0 0 0 2.3"
    make = "create_atoms 1 " + create
    # fix deform first: a dump shows the box after all fixes, the stream sees it when its turn comes
    *before, run = run.splitlines(keepends=True)
    return (
        HOT.format(boundary=boundary, region=regions, create=make) + "".join(before) + STREAM + run
    )


def expected_average(frames, step, periodic):
    """Mean over five samples of fractional coordinates, in the cell at the end; plain mean along open axes."""
    lo_end, cell_end, _ = frames[step]
    mean = 0.0
    for back in range(5):
        lo, cell, x = frames[step - 5 * back]
        fraction = (x - lo) @ np.linalg.inv(same_lattice(cell, cell_end))
        mean = mean + np.where(periodic, fraction @ cell_end + lo_end, x) / 5
    return mean


@pytest.mark.parametrize("np_", [1, 2, 4])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_average_of_moving_atoms(lammps, tmp_path, case, np_):
    lammps(script(case), np=np_)
    run = read(tmp_path / "run.h5md")
    frames = read_dump(tmp_path / "dump.txt")
    periodic = CASES[case][0] == "p p p"
    last = sorted(frames)[-1]
    assert list(run.step) == list(range(50, last + 1, 50))

    for k, step in enumerate(run.step):
        mean = expected_average(frames, int(step), periodic)
        cell = frames[step][1]
        difference = run.snapshots.position[k] - mean
        if periodic:  # stored positions are those of the image in the box
            images = np.round(difference @ np.linalg.inv(cell))
            difference -= images @ cell
        assert np.abs(difference).max() < 1e-9

        atoms = Atoms(
            f"Al{len(mean)}", positions=mean, cell=cell if periodic else None, pbc=periodic
        )
        D, V = Bispectrum(4.7, twojmax=4).compute(atoms, virial=True)
        assert_close(run.D[k], D, 1e-9)
        assert_close(run.V[k][1:].reshape(-1, 9), V[1:].reshape(-1, 9), 1e-9)


def test_atoms_did_migrate(lammps, tmp_path):
    """The test above means something only if atoms change rank inside windows and cross the boundary."""
    lammps(script("hot liquid") + "print 'NSTEP'\n", np=2)
    frames = read_dump(tmp_path / "dump.txt")
    lo, cell, first = frames[0]
    moved = np.abs(frames[200][2] - first).max(axis=1)
    crossed = np.floor((frames[200][2] - lo) / cell.diagonal()) != np.floor(
        (frames[180][2] - lo) / cell.diagonal()
    )
    assert np.median(moved) > 1.0
    assert crossed.any()


def test_box_did_flip_inside_a_window(lammps, tmp_path):
    lammps(script("sheared, with box flips"), np=1)
    frames = read_dump(tmp_path / "dump.txt")
    tilts = np.array([frames[step][1][1, 0] for step in range(180, 201, 5)])
    assert np.ptp(tilts) > 8.0  # half a box length


def test_window_that_began_before_the_fix_is_left_out(lammps, tmp_path):
    text = script("hot liquid")
    head, tail = text.split("compute d all")
    lammps(head + "run 35\ncompute d all" + tail.replace("run 200", "run 15\nrun 60"), np=2)
    assert list(read(tmp_path / "run.h5md").step) == [100]
