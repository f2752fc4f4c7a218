"""Voxels of kept positions: those of LAMMPS's own bins, and counts of labels in them."""

import numpy as np
import pytest

from blocks import read_dump
from crystal import SYSTEM
from dbar.targets import atom_voxels, voxel_counts
from dbar.trajectory import Snapshots, read

GRID = (3, 2, 4)
BINS = "compute cc all chunk/atom bin/3d x lower {:.17g} y lower 0.5 z lower 0.25 units reduced\n"


def frames(position, edges=None, periodic=(True, True, True), origin=(0.0, 0.0, 0.0)):
    S, n = np.shape(position)[:2]
    return Snapshots(
        step=np.arange(S), time=np.arange(S) * 1.0, position=np.asarray(position, float),
        id=np.tile(np.arange(1, n + 1), (S, 1)), species=np.ones((S, n), int),
        edges=np.tile(12.0 * np.eye(3) if edges is None else edges, (S, 1, 1)),
        origin=np.tile(origin, (S, 1)), periodic=periodic,
    )  # fmt: skip


@pytest.mark.parametrize(
    "tilt", ["", "change_box all triclinic xy final 3.1 yz final -2.0 remap\n"]
)
def test_voxels_are_the_bins_of_lammps(lammps, tmp_path, tilt):
    """At instantaneous positions, of atoms that have crossed the box."""
    script = SYSTEM + tilt + BINS.format(1 / 3) + "velocity all create 3000 7\n"
    script += "compute d all dbar bso4 4.7 twojmax 2\n"
    script += (
        "fix s all dbar/stream 1 1 50 d store run.h5md snapshot every 1 monitor none chunk cc "
    )
    script += "grid 3 2 4\ndump c all custom 50 at.dump id c_cc\nrun 100\n"
    lammps(script, np=2)
    run, dumped = read(tmp_path / "run.h5md"), read_dump(tmp_path / "at.dump")
    found = atom_voxels(run.snapshots, run.chunks.grid)
    assert len(found) == 2
    for t, places in enumerate(found):
        theirs = dumped[int(run.snapshots.step[t])][2][:, 0] - 1
        assert np.array_equal(places, theirs) and len(np.unique(places)) == 24
        counts = np.bincount(places, minlength=24)
        assert np.array_equal(run.chunks.D[t, :, 0], counts)


def test_edges_of_the_box():
    x = [[[0, 0, 0], [11.999, 5, 11.999], [-1e-17, 6, 12.0], [13.0, -1.0, 30.0]]]
    (found,) = atom_voxels(frames(x), GRID)
    assert [np.unravel_index(k, GRID) for k in found] == [
        (0, 0, 0),
        (2, 0, 3),
        (2, 1, 0),
        (0, 1, 2),
    ]
    (found,) = atom_voxels(frames(x, periodic=(True, False, False)), GRID)
    assert list(found >= 0) == [True, True, False, False]
    (shifted,) = atom_voxels(frames(np.add(x, 5.0), origin=(5.0, 5.0, 5.0)), GRID)
    assert np.array_equal(shifted[:2], atom_voxels(frames(x), GRID)[0][:2])


def test_counts_of_labels():
    rng = np.random.default_rng(1)
    snaps = frames(rng.random((3, 200, 3)) * 14 - 1, periodic=(True, True, False))
    labels = [rng.choice(["fcc", "hcp"], 200) for _ in range(3)]
    voxels = atom_voxels(snaps, GRID)
    hcp, fcc = (voxel_counts(labels, voxels, GRID, kind) for kind in ("hcp", "fcc"))
    assert hcp.shape == (3, 24)
    for k in range(3):
        for v in range(24):
            expected = sum(n == "hcp" and p == v for n, p in zip(labels[k], voxels[k], strict=True))
            assert hcp[k, v] == expected
        assert hcp[k].sum() + fcc[k].sum() == (voxels[k] >= 0).sum() < 200


@pytest.mark.parametrize("grid", [(3, 2), (3, 2, 0), (3, 2, 1.5), "342"])
def test_bad_grid(grid):
    with pytest.raises(ValueError, match="expected three whole numbers above 0"):
        atom_voxels(frames([[[0, 0, 0]]]), grid)


def test_labels_of_other_atoms():
    with pytest.raises(ValueError, match="snapshot 0 has 2 labels, expected 1"):
        voxel_counts([["hcp", "fcc"]], [np.array([0])], GRID, "hcp")
    with pytest.raises(ValueError, match="labels of 1 snapshots, voxels of 2"):
        voxel_counts([["hcp"]], [np.array([0])] * 2, GRID, "hcp")
    with pytest.raises(ValueError, match="position of atom 1 is"):
        atom_voxels(frames([[[0, np.nan, 0]]]), GRID)
