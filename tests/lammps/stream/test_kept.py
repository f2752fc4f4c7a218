"""Kept positions of runs that are flat, open, without atoms, or without IDs."""

import numpy as np
import pytest

from blocks import ARGON
from dbar.descriptors import Bispectrum
from dbar.report import report
from dbar.report.where import frame_atoms
from dbar.trajectory import read

FLAT = (
    "units lj\ndimension 2\nlattice hex 0.9\nregion b block 0 6 0 4 -0.5 0.5\ncreate_box 1 b\n"
    "create_atoms 1 box\nmass 1 1\npair_style lj/cut 2.5\npair_coeff 1 1 1 1\n"
    "velocity all create 0.2 7\nfix n all nve\nfix e all enforce2d\n"
    "compute d all dbar bso4 2.2 twojmax 4\n"
)
SOLID = ARGON + "velocity all create 30 7\nfix n all nve\ncompute d all dbar bso4 6.0 twojmax 4\n"
STREAM = "fix w all dbar/stream 5 4 20 d store run.h5md snapshot every 1 monitor none\n"


def descriptor(run, frame, rcut):
    atoms = frame_atoms(run.snapshots, frame)
    return Bispectrum(rcut, twojmax=4, species=["H"]).compute(atoms)[0]


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_flat_box_has_no_images_across_it(lammps, tmp_path, ranks):
    lammps(FLAT + STREAM + "run 40\n", np=ranks)
    run = read(tmp_path / "run.h5md")
    assert run.snapshots.periodic.tolist() == [[True, True, False]] * 2
    for frame in range(2):
        np.testing.assert_allclose(descriptor(run, frame, 2.2), run.D[frame], rtol=1e-9)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_boundary_that_changes_between_runs(lammps, tmp_path, ranks):
    lammps(SOLID + STREAM + "run 20\nchange_box all boundary f p m\nrun 20\n", np=ranks)
    run = read(tmp_path / "run.h5md")
    assert run.snapshots.periodic.tolist() == [[True] * 3, [False, True, False]]
    for frame in range(2):
        np.testing.assert_allclose(descriptor(run, frame, 6.0), run.D[frame], rtol=1e-9)


GAS = (
    'variable fast atom "vx > v_limit"\nvariable limit equal {limit}\n'
    "group gas dynamic all var fast every 20\n"
)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("keep", ["every 1", "adaptive 1.0"])
@pytest.mark.parametrize(
    ("limit", "filled"), [("100", []), ("100-ramp(0,200)", [2, 3, 4])], ids=["never", "later"]
)
def test_a_group_without_atoms(lammps, tmp_path, limit, filled, keep, ranks):
    """Frames without atoms, which all that reads the file takes for what they are."""
    stream = STREAM.replace("w all", "w gas").replace("every 1 monitor none", keep)
    lammps(SOLID + GAS.format(limit=limit) + stream + "run 100\n", np=ranks)
    run = read(tmp_path / "run.h5md")
    assert len(run) == 5
    if keep == "every 1":
        assert len(run.snapshots) == 5
    report(tmp_path / "run.h5md", tmp_path / "report.html")
    for k in range(len(run.snapshots)):
        atoms, n = frame_atoms(run.snapshots, k), run.step.tolist().index(run.snapshots.step[k])
        assert bool(len(atoms)) == (n in filled) and atoms.cell.rank == 3


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("keep", ["every 1", "adaptive 0.1"])
def test_atoms_without_ids(lammps, tmp_path, keep, ranks):
    """Without them nobody could tell which atom is which: an error before the first step."""
    system = "atom_modify id no\n" + SOLID.replace("30 7", "30 7 loop geom")
    stream = STREAM.replace("every 1 monitor none", keep)
    done = lammps(system + stream + "run 20\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    said = f"Fix dbar/stream: keyword snapshot {keep.split()[0]} needs atom IDs"
    assert said in done.errors[0] and "found atom_modify id no" in done.errors[0]
    assert not (tmp_path / "run.h5md").exists()
    lammps(system + STREAM.replace(" snapshot every 1", "") + "run 20\n", np=ranks)
