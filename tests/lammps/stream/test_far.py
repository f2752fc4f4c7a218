"""Atoms that go several Angstrom within a window: averages, and the descriptor at them, are those of every sample."""

import numpy as np
import pytest
from ase import Atoms

from blocks import METAL, assert_close, read_dump
from crystal import same_lattice
from dbar.descriptors import Bispectrum
from dbar.trajectory import read

SAMPLES = 40
STREAM = (
    "compute d all dbar bso4 4.7 twojmax 4 virial yes\n"
    "fix s all dbar/stream 5 {n} {every} d store run.h5md snapshot every 1 monitor none thermo none\n"
    "dump d all custom 5 dump.txt id xu yu zu\ndump_modify d format float %.17g\n"
)
EAM = (
    METAL
    + "lattice {lattice}\nregion b {region}\ncreate_box 1 b\ncreate_atoms 1 box\nmass 1 {mass}\n"
    + (
        "pair_style eam/fs\npair_coeff * * {pair}\nneighbor 2.0 bin\nneigh_modify every 1 delay 0 check yes\n"
    )
)
IRON = dict(lattice="bcc 2.86", region="block 0 8 0 8 0 8", mass=55.845, pair="Fe_mm.eam.fs Fe")
ALUMINIUM = dict(
    lattice="fcc 4.05", region="prism 0 4 0 4 0 4 0 0 0", mass=26.98, pair="Al_mm.eam.fs Al"
)
CASES = {
    # a recoil of 0.5 keV, 0.04 ps
    "cascade": EAM.format(**IRON)
    + "timestep 0.0002\nvelocity all create 600 1017\nfix m all nve\ngroup pka id 500\n"
    "velocity pka set 350 220 120 units box\ncomm_modify cutoff 22\n",
    # 0.4 ps of a liquid far above its melting point
    "liquid": EAM.format(**ALUMINIUM)
    + "timestep 0.002\nvelocity all create 20000 7\nfix m all nve\ncomm_modify cutoff 14\n",
    "sheared at a high rate": EAM.format(**ALUMINIUM)
    + "timestep 0.001\nvelocity all create 9000 7\nfix m all nve\nfix f all deform 1 xy erate 2 remap v flip yes\n"
    "comm_modify cutoff 22\n",
}


def averaged(frames, step):
    """Mean fractions of the cell over the window, in the cell at its end."""
    lo_end, cell_end, _ = frames[step]
    mean = 0.0
    for back in range(SAMPLES):
        lo, cell, x = frames[step - 5 * back]
        mean = mean + (x - lo) @ np.linalg.inv(same_lattice(cell, cell_end)) / SAMPLES
    return mean @ cell_end + lo_end, cell_end


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_windows_in_which_atoms_go_far(lammps, tmp_path, case, ranks):
    every = 5 * SAMPLES
    lammps(CASES[case] + STREAM.format(n=SAMPLES, every=every) + f"run {2 * every}\n", np=ranks)
    run, frames = read(tmp_path / "run.h5md"), read_dump(tmp_path / "dump.txt")
    assert list(run.step) == [every, 2 * every]
    kernel, far = Bispectrum(4.7, twojmax=4), 0.0
    for k, step in enumerate(run.step):
        mean, cell = averaged(frames, int(step))
        first = frames[int(step) - 5 * (SAMPLES - 1)][2]
        far = max(far, np.linalg.norm(frames[int(step)][2] - first, axis=1).max())
        off = (run.snapshots.position[k] - mean) @ np.linalg.inv(cell)
        assert np.abs((off - np.round(off)) @ cell).max() < 1e-9
        D, V = kernel.compute(Atoms(f"X{len(mean)}", mean, cell=cell, pbc=True), virial=True)
        assert_close(run.D[k], D, 1e-9)
        assert np.abs(run.V[k] - V).max() < 1e-9 * np.abs(V).max()
    assert far > 3.0, far
